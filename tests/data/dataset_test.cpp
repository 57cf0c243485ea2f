#include "pollard/dataset.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

TEST(MemoryDataset, GivesBackWhatItHolds) {
  const MemoryDataset data({1, 1, 2}, 3, {10, 11, 20, 21}, {2, 0});
  EXPECT_EQ(data.size(), 2);
  EXPECT_EQ(data.classes(), 3);
  EXPECT_EQ(data.image_shape(), (ImageShape{1, 1, 2}));
  EXPECT_EQ(data.label(0), 2);
  EXPECT_EQ(data.label(1), 0);
  Bytes out(2);
  data.read(1, out);
  EXPECT_EQ(out, (Bytes{20, 21}));
}

TEST(DatasetFormat, IsKnownForEveryDataset) {
  for (const std::string& name : dataset_names()) {
    if (name == "imagefolder") continue;
    const std::int64_t classes = name == "cifar100" ? 100 : name == "imagenet" ? 1000 : 10;
    EXPECT_EQ(dataset_format(name).classes, classes) << name;
  }
  expect_error(ErrorCode::Config, "'imagefolder' are not known", "data.path",
               [] { (void)dataset_format("imagefolder"); });
  EXPECT_EQ(dataset_format("cifar10").shape, (ImageShape{3, 32, 32}));
  EXPECT_EQ(dataset_format("mnist").shape, (ImageShape{1, 28, 28}));
  expect_error(ErrorCode::Config, "unknown data set 'cifar'", "",
               [] { (void)dataset_format("cifar"); });
}

TEST(MemoryDataset, RejectsSizesAndLabelsThatDisagree) {
  expect_error(ErrorCode::Input, "2 labels and 3 bytes", "", [] {
    MemoryDataset({1, 1, 2}, 3, {1, 2, 3}, {0, 0});
  });
  expect_error(ErrorCode::Input, "1 labels and 4 bytes", "", [] {
    MemoryDataset({1, 1, 2}, 3, {1, 2, 3, 4}, {0});
  });
  expect_error(ErrorCode::Input, "label 3 of image 1 is outside 0 to 2", "", [] {
    MemoryDataset({1, 1, 1}, 3, {1, 2}, {0, 3});
  });
  expect_error(ErrorCode::Input, "label -1 of image 0", "", [] {
    MemoryDataset({1, 1, 1}, 3, {1}, {-1});
  });
  expect_error(ErrorCode::Input, "must be positive", "", [] {
    MemoryDataset({0, 1, 1}, 3, {}, {});
  });
}

TEST(MemoryDataset, ReadingOutsideIsAnError) {
  const MemoryDataset data = pattern_dataset(3);
  Bytes out(8 * 8 * 3), small(7);
  for (const std::int64_t index : {-1, 3}) {
    expect_error(ErrorCode::Internal, "of a data set of 3", "", [&] { data.read(index, out); });
    expect_error(ErrorCode::Internal, "of a data set of 3", "", [&] { (void)data.label(index); });
  }
  expect_error(ErrorCode::Internal, "into 7 bytes of 192", "", [&] { data.read(0, small); });
}

TEST(LoadDataset, UnknownNamesGetASuggestion) {
  expect_error(ErrorCode::Config, "unknown data set 'cifar-10'", "did you mean 'cifar10'?",
               [] { (void)load_dataset("cifar-10", "x", 0); });
  expect_error(ErrorCode::Config, "unknown data set 'photographs'", "fashion-mnist, mnist, cifar10",
               [] { (void)load_dataset("photographs", "x", 0); });
}

TEST(LoadDataset, OnlyOneHasADefaultFolder) {
  for (const char* name : {"mnist", "cifar10", "cifar100", "imagefolder", "imagenet"}) {
    expect_error(ErrorCode::Config, name, "data.path", [&] { (void)load_dataset(name, "", 0); });
  }
}

TEST(LoadDataset, MissingFilesSayWhatToDo) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::Io, "train-images-idx3-ubyte", "apt-get install dataset-fashion-mnist",
               [&] { (void)load_dataset("fashion-mnist", folder.path(), 0); });
  expect_error(ErrorCode::Io, "train-images-idx3-ubyte", "data.path",
               [&] { (void)load_dataset("mnist", folder.path(), 0); });
  expect_error(ErrorCode::Io, "train.bin", "data.path",
               [&] { (void)load_dataset("cifar100", folder.path(), 0); });
}

class LoadIdx : public testing::Test {
 protected:
  void SetUp() override {
    write("train", 5, 1);
    write("t10k", 3, 1);
  }
  // `count` images of 2 x `width`, all bytes equal to the label.
  void write(const std::string& stem, std::uint8_t count, std::uint8_t width) {
    Bytes images{0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, width},
        labels{0, 0, 8, 1, 0, 0, 0, count};
    for (std::uint8_t i = 0; i < count; ++i) {
      images.insert(images.end(), 2U * width, i);
      labels.push_back(i);
    }
    write_bytes(folder_.path() / (stem + "-images-idx3-ubyte"), images);
    write_bytes(folder_.path() / (stem + "-labels-idx1-ubyte"), labels);
  }
  TemporaryFolder folder_;
};

TEST_F(LoadIdx, LimitKeepsTheFirstTrainingImagesAndTheWholeTestSet) {
  for (const std::int64_t limit : {0, 1, 4, 5}) {
    const DataSplits splits = load_dataset("mnist", folder_.path(), limit);
    ASSERT_EQ(splits.train->size(), limit == 0 ? 5 : limit);
    EXPECT_EQ(splits.test->size(), 3);
    const std::int64_t last = splits.train->size() - 1;
    EXPECT_EQ(splits.train->label(last), last);
    Bytes pixels(2);
    splits.train->read(last, pixels);
    EXPECT_EQ(pixels, Bytes(2, static_cast<std::uint8_t>(last)));
  }
}

TEST_F(LoadIdx, LimitMustFit) {
  expect_error(ErrorCode::Config, "limit of 6 training images is more than the 5", "data.limit",
               [&] { (void)load_dataset("mnist", folder_.path(), 6); });
  expect_error(ErrorCode::Config, "limit of -1", "data.limit",
               [&] { (void)load_dataset("mnist", folder_.path(), -1); });
}

TEST_F(LoadIdx, SplitsMustHaveImagesOfOneSize) {
  write("t10k", 3, 2);
  expect_error(ErrorCode::Input, "training images of 2 x 1 but test images of 2 x 2", "",
               [&] { (void)load_dataset("mnist", folder_.path(), 0); });
}

TEST(LoadDatasetReal, FashionMnistOfDebian) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "install the package dataset-fashion-mnist";
  }
  const DataSplits splits = load_dataset("fashion-mnist", "", 0);
  ASSERT_EQ(splits.train->size(), 60000);
  ASSERT_EQ(splits.test->size(), 10000);
  EXPECT_EQ(splits.train->image_shape(), (ImageShape{1, 28, 28}));
  EXPECT_EQ(splits.train->label(0), 9);  // an ankle boot, in both
  EXPECT_EQ(splits.test->label(0), 9);
  double sum = 0, squares = 0;
  Bytes pixels(784);
  for (std::int64_t i = 0; i < 60000; ++i) {
    splits.train->read(i, pixels);
    for (const std::uint8_t pixel : pixels) {
      sum += pixel;
      squares += static_cast<double>(pixel) * pixel;
    }
  }
  const double mean = sum / (60000.0 * 784), variance = squares / (60000.0 * 784) - mean * mean;
  EXPECT_NEAR(mean / 255, 0.2860, 1e-4);
  EXPECT_NEAR(std::sqrt(variance) / 255, 0.3530, 1e-4);
}

}  // namespace
}  // namespace pollard
