// Folders of pictures, from the files to batches; with every kind of file that real folders have.
#include "data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/image_cache.h"
#include "data/image_cache_file.h"
#include "data/pictures.h"
#include "pollard/batches.h"

namespace pollard {
namespace {

using namespace testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes noise(int width, int height, int components, std::uint64_t index) {
  RandomStream stream(7, Purpose::Testing, 0, index);
  Bytes out(static_cast<std::size_t>(width * height * components));
  std::uint8_t level = 100;
  for (std::uint8_t& byte : out) {
    level = static_cast<std::uint8_t>(level + stream.next_u32() % 31 - 15U);
    byte = level;
  }
  return out;
}

// What progress told.
class Notes final : public Progress {
 public:
  void note(std::string_view message) override { text += std::string(message) + "\n"; }
  void warn(std::string_view message) override { note(message); }
  void begin(std::string_view, std::int64_t, std::int64_t) override {}
  void advance(std::int64_t, std::string_view) override {}
  void end(std::string_view) override {}
  std::string text;
};

class Pictures : public testing::Test {
 protected:
  Pictures() {
    int index = 0;
    for (const char* split : {"train", "val"}) {
      for (const char* name : {"cat", "dog", "owl"}) {
        for (const int side : {32, 61, 200, 333}) {
          const auto n = static_cast<std::uint64_t>(index++);
          const int other = side + 17 * static_cast<int>(n % 5);
          write(split, name, "p" + std::to_string(side) + ".jpg",
                jpeg_file(side, other, 3, noise(side, other, 3, n),
                          {.progressive = n % 2 == 0, .orientation = static_cast<int>(n % 9)}));
        }
        write(split, name, "large.jpg", jpeg_file(4000, 40, 1, noise(4000, 40, 1, 99)));
        write(split, name, "ink.jpeg", jpeg_file(90, 80, 4, noise(90, 80, 4, 98)));
        write(split, name, "really-a-png.jpg", png_file(70, 70));
        write(split, name, "small.PNG", png_file(1, 3));
      }
    }
  }
  void write(const std::string& split, const std::string& name, const std::string& file,
             const Bytes& bytes) const {
    write_bytes(root() / split / name / file, bytes);
  }
  void add_damaged() const {
    const Bytes good = jpeg_file(100, 100, 3, noise(100, 100, 3, 5));
    write("train", "cat", "cut.jpg", first_bytes(good, good.size() / 2));
    write("train", "dog", "empty.jpg", {});
    write("train", "owl", "text.png", to_bytes("no picture"));
  }
  [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "data"; }
  [[nodiscard]] DatasetSettings settings() const {
    return {.name = "imagenet", .path = root(), .image_size = 48, .resize = 56};
  }
  // All batches of two epochs.
  static std::vector<Batch> batches(const Dataset& data, int threads, double smallest_part) {
    BatchSettings settings{.batch_size = 5,
                           .shuffle = true,
                           .augmentation = {.flip = true, .smallest_part = smallest_part},
                           .normalization = normalization("imagenet", 3),
                           .seed = 3,
                           .threads = threads};
    BatchLoader loader(data, settings);
    std::vector<Batch> all;
    for (const std::uint32_t epoch : {0U, 1U}) {
      loader.start(epoch);
      for (Batch batch; loader.next(batch); batch = {}) all.push_back(batch);
    }
    return all;
  }
  static void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].labels, b[i].labels) << i;
      EXPECT_EQ(a[i].images, b[i].images) << i;
    }
  }
  TemporaryFolder folder_;
};

TEST_F(Pictures, AreFoundWithTheirClasses) {
  const DataSplits data = load_dataset(settings());
  EXPECT_EQ(data.train->size(), 24);
  EXPECT_EQ(data.test->size(), 24);
  EXPECT_EQ(data.train->classes(), 3);
  EXPECT_EQ(data.train->image_shape(), (ImageShape{3, 48, 48}));
  EXPECT_EQ(data.train->label(0), 0);
  EXPECT_EQ(data.train->label(23), 2);
  EXPECT_EQ(data.origin,
            "3 classes of pictures in '" + root().string() + "': 24 in train/, 24 in val/");
}

TEST_F(Pictures, EveryKindIsRead) {
  const DataSplits data = load_dataset(settings());
  Bytes out(48 * 48 * 3);
  for (std::int64_t i = 0; i < data.train->size(); ++i) {
    EXPECT_NO_THROW(data.train->read(i, out)) << i;
    EXPECT_NO_THROW(data.train->read_part(i, 0.08, {1, Purpose::Part, 0, 1}, out)) << i;
  }
  EXPECT_TRUE(data.train->problems().empty());
}

TEST_F(Pictures, BatchesDoNotDependOnThreads) {
  add_damaged();
  const DataSplits data = load_dataset(settings());
  const std::vector<Batch> alone = batches(*data.train, 0, 0.08);
  expect_same(batches(*data.train, 1, 0.08), alone);
  expect_same(batches(*data.train, 4, 0.08), alone);
  const std::vector<Batch> plain = batches(*data.train, 1, 0);
  EXPECT_NE(plain[0].images, alone[0].images);
  expect_same(batches(*data.train, 4, 0), plain);
}

TEST_F(Pictures, DamagedOnesAreLeftOutAndNamed) {
  add_damaged();
  const DataSplits data = load_dataset(settings());
  EXPECT_EQ(data.train->size(), 27);
  EXPECT_TRUE(data.train->problems().empty());  // nothing was read yet
  const std::vector<Batch> all = batches(*data.train, 2, 0);
  std::int64_t count = 0;
  for (const Batch& batch : all) {
    EXPECT_EQ(batch.labels.size(), static_cast<std::size_t>(batch.count));
    EXPECT_EQ(batch.images.size(), static_cast<std::size_t>(batch.count) * 48 * 48 * 3);
    count += batch.count;
  }
  EXPECT_EQ(count, 2 * 24);
  EXPECT_THAT(data.train->problems(),
              ElementsAre(HasSubstr("cut.jpg' is truncated"), HasSubstr("empty.jpg' is empty"),
                          HasSubstr("text.png' is neither a JPEG nor a PNG file")));
}

TEST_F(Pictures, ABatchOfDamagedOnesIsAnError) {
  for (const char* name : {"cat", "dog", "owl"}) {
    std::filesystem::remove_all(root() / "train" / name);
    write("train", name, "a.jpg", {});
  }
  const DataSplits data = load_dataset(settings());
  expect_error(ErrorCode::Input, "none of the 3 images of batch 0 can be used", "damaged files",
               [&] { (void)batches(*data.train, 1, 0); });
}

TEST_F(Pictures, ALimitTakesAllClassesAndTheValidationIsHeldOut) {
  DatasetSettings some = settings();
  some.limit = 6;
  some.validation = 2;
  const DataSplits data = load_dataset(some);
  std::vector<std::int64_t> labels;
  for (const auto* part : {data.train.get(), data.validation.get()}) {
    for (std::int64_t i = 0; i < part->size(); ++i) labels.push_back(part->label(i));
  }
  EXPECT_THAT(labels, testing::UnorderedElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_EQ(data.validation->size(), 2);
  some.limit = 25;
  expect_error(ErrorCode::Config, "limit of 25 training images", "data.limit",
               [&] { (void)load_dataset(some); });
}

TEST_F(Pictures, AListOfClassesGivesTheLabels) {
  write_bytes(root() / "synsets.txt", to_bytes("owl Strix\nhen\ncat\ndog\n"));
  std::filesystem::remove_all(root() / "train");
  const DataSplits data = load_dataset(settings());
  EXPECT_EQ(data.train->size(), 0);
  EXPECT_EQ(data.test->classes(), 4);
  EXPECT_EQ(data.test->label(0), 0);
  EXPECT_EQ(data.test->label(23), 3);
  write_bytes(root() / "synsets.txt", to_bytes("owl\nowl\n"));
  expect_error(ErrorCode::Input, "names the class 'owl' twice", "",
               [&] { (void)load_dataset(settings()); });
}

TEST_F(Pictures, WhatIsMissingIsSaid) {
  std::filesystem::rename(root() / "val", root() / "other");
  expect_error(ErrorCode::Io, "val', nor in test/", "CLASS",
               [&] { (void)load_dataset(settings()); });
  std::filesystem::rename(root() / "other", root() / "test");
  EXPECT_EQ(load_dataset(settings()).test->size(), 24);
  write("test", "cow", "a.jpg", {});
  expect_error(ErrorCode::Input, "cow' is none of the 3 classes", "",
               [&] { (void)load_dataset(settings()); });
  DatasetSettings wrong = settings();
  wrong.resize = 47;
  expect_error(ErrorCode::Config, "pictures of 48 pixels from ones resized to 47", "data.resize",
               [&] { (void)load_dataset(wrong); });
}

class Cached : public Pictures {
 protected:
  Cached() { add_damaged(); }
  [[nodiscard]] DatasetSettings cached() const {
    DatasetSettings with = settings();
    with.cache = folder_.path() / "cache";
    return with;
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "cache/train.pixels"; }
  // What opening said of the training pictures.
  [[nodiscard]] std::string opened() {
    Notes notes;
    data_ = load_dataset(cached(), notes);
    return notes.text.substr(0, notes.text.find('\n'));
  }
  [[nodiscard]] Bytes content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  DataSplits data_;
};

TEST_F(Cached, TestViewsHaveTheSameBitsAsWithout) {
  EXPECT_THAT(opened(), HasSubstr("is not there yet: 27 pictures are decoded"));
  const DataSplits plain = load_dataset(settings());
  expect_same(batches(*data_.train, 2, 0), batches(*plain.train, 2, 0));
  EXPECT_EQ(data_.train->problems(), plain.train->problems());
  EXPECT_EQ(data_.train->label(26), 2);
}

TEST_F(Cached, ServesEveryEpochAndThread) {
  (void)opened();
  const std::vector<Batch> alone = batches(*data_.train, 0, 0.08);
  EXPECT_EQ(opened(), "");  // the second time it is there
  expect_same(batches(*data_.train, 4, 0.08), alone);
}

TEST_F(Cached, OutdatedFilesAreMadeAnew) {
  (void)opened();
  write("train", "cat", "new.png", png_file(50, 50));
  EXPECT_THAT(opened(), HasSubstr("is of other files, or of the files as they were: 28 pictures"));
  EXPECT_EQ(data_.train->size(), 28);
  EXPECT_EQ(opened(), "");
}

TEST_F(Cached, TruncatedAndDamagedFilesAreMadeAnew) {
  (void)opened();
  data_ = {};
  const Bytes whole = content();
  for (const std::size_t size : {std::size_t{0}, std::size_t{50}, std::size_t{96}, whole.size() / 2,
                                 whole.size() - 600, whole.size() - 1}) {
    write_bytes(file(), first_bytes(whole, size));
    EXPECT_THAT(opened(), HasSubstr("27 pictures are decoded")) << size;
    data_ = {};
    EXPECT_EQ(content(), whole) << size;
  }
  for (const std::size_t at :
       {std::size_t{3}, std::size_t{8}, std::size_t{16}, std::size_t{24}, std::size_t{40},
        std::size_t{70}, whole.size() - 700, whole.size() - 2}) {
    Bytes damaged = whole;
    damaged[at] ^= 1;
    write_bytes(file(), damaged);
    EXPECT_THAT(opened(), HasSubstr("27 pictures are decoded")) << at;
    data_ = {};
  }
}

TEST_F(Cached, DamagedPixelsAreNoticedWhenRead) {
  (void)opened();
  data_ = {};
  Bytes damaged = content();
  damaged[200] ^= 1;  // of the first picture
  write_bytes(file(), damaged);
  EXPECT_EQ(opened(), "");
  Bytes out(48 * 48 * 3);
  expect_error(ErrorCode::Input, "train.pixels' is damaged", "made anew", [&] {
    for (std::int64_t i = 0; i < data_.train->size(); ++i) {
      try {
        data_.train->read(i, out);
      } catch (const UnusableImage&) {
      }
    }
  });
}

TEST_F(Cached, NothingIsLeftBesideTheFiles) {
  (void)opened();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file().parent_path())) {
    EXPECT_EQ(entry.path().extension(), ".pixels");
    ++files;
  }
  EXPECT_EQ(files, 2U);
}

}  // namespace
}  // namespace pollard
