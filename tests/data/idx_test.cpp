#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

#include "data/readers.h"
#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;
using testing::ElementsAre;

Bytes idx(std::uint32_t magic, std::initializer_list<std::uint32_t> sizes, const Bytes& data) {
  Bytes out;
  const auto put = [&](std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(number >> shift));
  };
  put(magic);
  for (const std::uint32_t size : sizes) put(size);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

class IdxFolder : public testing::Test {
 protected:
  void write_images(const Bytes& bytes) { write_bytes(images(), bytes); }
  void write_labels(const Bytes& bytes) { write_bytes(labels(), bytes); }
  void expect_input_error(const std::string& part) const {
    expect_error(ErrorCode::Input, part, "fresh copy",
                 [&] { (void)read_idx(folder_.path(), Split::Train, "hint"); });
  }
  [[nodiscard]] std::filesystem::path images() const {
    return folder_.path() / "train-images-idx3-ubyte";
  }
  [[nodiscard]] std::filesystem::path labels() const {
    return folder_.path() / "train-labels-idx1-ubyte";
  }

  const Bytes good_images_ = idx(0x803, {2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Bytes good_labels_ = idx(0x801, {2}, {9, 0});
  TemporaryFolder folder_;
};

TEST_F(IdxFolder, ReadsPlainFiles) {
  write_images(good_images_);
  write_labels(good_labels_);
  const LabelledImages read = read_idx(folder_.path(), Split::Train, "hint");
  EXPECT_EQ(read.shape, (ImageShape{1, 2, 3}));
  EXPECT_EQ(read.classes, 10);
  EXPECT_THAT(read.pixels, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_THAT(read.labels, ElementsAre(9, 0));
}

TEST_F(IdxFolder, ReadsGzippedFilesOfTheTestSplit) {
  write_bytes(folder_.path() / "t10k-images-idx3-ubyte.gz", gzipped(good_images_));
  write_bytes(folder_.path() / "t10k-labels-idx1-ubyte.gz", gzipped(good_labels_));
  const LabelledImages read = read_idx(folder_.path(), Split::Test, "hint");
  EXPECT_EQ(read.pixels.size(), 12U);
  EXPECT_THAT(read.labels, ElementsAre(9, 0));
}

TEST_F(IdxFolder, MissingFilesAreNamedWithTheHint) {
  expect_error(ErrorCode::Io, images().string(), "do this",
               [&] { (void)read_idx(folder_.path(), Split::Train, "do this"); });
  write_images(good_images_);
  expect_error(ErrorCode::Io, labels().string(), "do this",
               [&] { (void)read_idx(folder_.path(), Split::Train, "do this"); });
}

TEST_F(IdxFolder, WrongMagicIsNamed) {
  write_labels(good_labels_);
  write_images(idx(0x801, {2}, {1, 2}));
  expect_input_error("it begins with 0x00000801, not 0x00000803");
}

TEST_F(IdxFolder, AbsurdSizesAreRefusedBeforeMemoryIsTaken) {
  write_labels(good_labels_);
  for (const bool gzip : {false, true}) {
    const Bytes absurd = idx(0x803, {0xffffffff, 0xffffffff, 0xffffffff}, {1});
    write_images(gzip ? gzipped(absurd) : absurd);
    expect_input_error(
        "it cannot hold the [4294967295, 4294967295, 4294967295] bytes it announces");
    const Bytes large = idx(0x803, {60000, 28, 28}, {1});  // fits in memory, but not in the file
    write_images(gzip ? gzipped(large) : large);
    expect_input_error("it cannot hold the [60000, 28, 28]");
  }
}

TEST_F(IdxFolder, EmptySizesAreRefused) {
  write_labels(good_labels_);
  write_images(idx(0x803, {2, 0, 3}, {}));
  expect_input_error("announces no data");
}

TEST_F(IdxFolder, EveryTruncationIsAnError) {
  write_labels(good_labels_);
  for (std::size_t size = 0; size < good_images_.size(); ++size) {
    write_images({good_images_.begin(), good_images_.begin() + static_cast<std::ptrdiff_t>(size)});
    expect_input_error("is truncated");
  }
}

TEST_F(IdxFolder, TrailingBytesAreAnError) {
  write_labels(good_labels_);
  Bytes longer = good_images_;
  longer.push_back(0);
  write_images(longer);
  expect_input_error("is longer than the 28 bytes");
  write_images(gzipped(longer));
  expect_input_error("is longer than the 28 bytes");
}

TEST_F(IdxFolder, LabelsMustBeInRangeAndAsManyAsImages) {
  write_images(good_images_);
  write_labels(idx(0x801, {2}, {3, 10}));
  expect_input_error("has label 10 at position 1, expected 0 to 9");
  write_labels(idx(0x801, {3}, {3, 1, 2}));
  expect_input_error("has 3 labels, but");
}

}  // namespace
}  // namespace pollard
