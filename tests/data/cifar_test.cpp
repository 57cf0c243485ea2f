#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/readers.h"
#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;
using testing::ElementsAre;

// Red, green and blue planes; the value tells plane and place.
Bytes record(const Bytes& labels, std::uint8_t first) {
  Bytes out = labels;
  for (int plane = 0; plane < 3; ++plane) {
    for (int i = 0; i < 1024; ++i)
      out.push_back(static_cast<std::uint8_t>(first + 80 * plane + i % 61));
  }
  return out;
}

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

TEST(Cifar10, JoinsTheFilesInOrderAndInterleavesThePlanes) {
  const TemporaryFolder folder;
  for (std::uint8_t i = 1; i <= 5; ++i) {
    write_bytes(folder.path() / ("data_batch_" + std::to_string(i) + ".bin"),
                joined(record({i}, i), record({9}, 0)));
  }
  const LabelledImages read = read_cifar(folder.path(), Split::Train, 10);
  EXPECT_EQ(read.shape, (ImageShape{3, 32, 32}));
  EXPECT_EQ(read.classes, 10);
  EXPECT_THAT(read.labels, ElementsAre(1, 9, 2, 9, 3, 9, 4, 9, 5, 9));
  ASSERT_EQ(read.pixels.size(), 10U * 3072);
  for (std::size_t i = 0; i < 1024; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(read.pixels[4 * 3072 + 3 * i + c], 3 + 80 * c + i % 61) << i;
    }
  }
}

TEST(Cifar100, TakesTheFineLabelAndFindsItsFolder) {
  const TemporaryFolder folder;
  write_bytes(folder.path() / "cifar-100-binary" / "test.bin",
              joined(record({19, 99}, 1), record({0, 5}, 2)));
  for (const auto& path : {folder.path(), folder.path() / "cifar-100-binary"}) {
    const LabelledImages read = read_cifar(path, Split::Test, 100);
    EXPECT_EQ(read.classes, 100);
    EXPECT_THAT(read.labels, ElementsAre(99, 5));
    EXPECT_EQ(read.pixels.size(), 2U * 3072);
  }
}

TEST(Cifar, MissingFilesAreNamed) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::Io, (folder.path() / "data_batch_1.bin").string(), "cifar-10-batches-bin",
               [&] { (void)read_cifar(folder.path(), Split::Train, 10); });
}

TEST(Cifar, SizesMustBeWholeRecords) {
  const TemporaryFolder folder;
  const auto read = [&] { (void)read_cifar(folder.path(), Split::Test, 10); };
  const Bytes good = record({1}, 0);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, good.size() - 1, good.size() + 1}) {
    Bytes bytes = good;
    bytes.resize(size);
    write_bytes(folder.path() / "test_batch.bin", bytes);
    expect_error(ErrorCode::Input,
                 "test_batch.bin' has " + std::to_string(size) + " bytes, expected", "fresh copy",
                 read);
  }
}

TEST(Cifar, LabelsMustBeInRange) {
  const TemporaryFolder folder;
  write_bytes(folder.path() / "test_batch.bin", joined(record({9}, 0), record({10}, 0)));
  expect_error(ErrorCode::Input, "has label 10 in record 1, expected 0 to 9", "damaged",
               [&] { (void)read_cifar(folder.path(), Split::Test, 10); });
  for (const Bytes& labels : {Bytes{20, 0}, Bytes{0, 100}}) {
    write_bytes(folder.path() / "test.bin", record(labels, 0));
    expect_error(ErrorCode::Input, "in record 0, expected 0 to", "damaged",
                 [&] { (void)read_cifar(folder.path(), Split::Test, 100); });
  }
}

// The real files, where POLLARD_DATA names the folder that holds both data sets' folders.
void check_real(std::int64_t classes, const std::vector<double>& known_means,
                std::int64_t first_train_label, std::int64_t first_test_label) {
  const char* root = std::getenv("POLLARD_DATA");
  const std::string folder = classes == 100 ? "cifar-100-binary" : "cifar-10-batches-bin";
  if (root == nullptr || !std::filesystem::exists(std::filesystem::path(root) / folder)) {
    GTEST_SKIP() << "set POLLARD_DATA to the folder that holds " << folder;
  }
  const LabelledImages train = read_cifar(root, Split::Train, classes);
  const LabelledImages test = read_cifar(root, Split::Test, classes);
  ASSERT_EQ(train.labels.size(), 50000U);
  ASSERT_EQ(test.labels.size(), 10000U);
  EXPECT_EQ(train.labels[0], first_train_label);
  EXPECT_EQ(test.labels[0], first_test_label);
  for (std::int64_t c = 0; c < classes; ++c) {
    EXPECT_EQ(std::ranges::count(train.labels, c), 50000 / classes);
    EXPECT_EQ(std::ranges::count(test.labels, c), 10000 / classes);
  }
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::size_t i = c; i < train.pixels.size(); i += 3) sum += train.pixels[i];
    EXPECT_NEAR(sum / (50000.0 * 1024 * 255), known_means[c], 1e-4) << c;
  }
}

TEST(CifarReal, Ten) { check_real(10, {.4914, .4822, .4465}, 6, 3); }  // a frog, a cat
TEST(CifarReal, Hundred) {
  check_real(100, {.50707, .48655, .44092}, 19, 49);
}  // cattle, a mountain

}  // namespace
}  // namespace pollard
