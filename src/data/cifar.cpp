// The binary version of CIFAR: records of fixed size, without a header.
//
//   CIFAR-10:  label, 1024 red, 1024 green, 1024 blue bytes (32 x 32, rows from the top)
//   CIFAR-100: coarse label, fine label, then the same; the fine label is the class
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/files.h"
#include "data/readers.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr ImageShape kShape{3, 32, 32};
constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kPixels = 3 * kPlane;

struct Layout {
  std::string title, folder;
  std::vector<std::string> train_files, test_files;
  std::vector<std::uint8_t> label_bounds;  // of each label byte; the last one is the class
};

Layout layout(std::int64_t classes) {
  if (classes == 100)
    return {"CIFAR-100", "cifar-100-binary", {"train.bin"}, {"test.bin"}, {20, 100}};
  return {"CIFAR-10",
          "cifar-10-batches-bin",
          {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
           "data_batch_5.bin"},
          {"test_batch.bin"},
          {10}};
}

std::vector<std::byte> read_records(const fs::path& path, const Layout& layout) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    throw Error(ErrorCode::Io, fmt::format("cannot find '{}'", path.string()),
                fmt::format("get the binary version of {} and set data.path to its folder {}/",
                            layout.title, layout.folder));
  }
  std::vector<std::byte> bytes = read_bytes(path);
  const std::size_t record = layout.label_bounds.size() + kPixels;
  if (bytes.empty() || bytes.size() % record != 0) {
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has {} bytes, expected a positive multiple of {} (one {} record)",
                            path.string(), bytes.size(), record, layout.title),
                "the file is truncated or another format; get a fresh copy of the binary version");
  }
  return bytes;
}

std::int64_t read_label(const fs::path& path, std::span<const std::byte> labels,
                        std::span<const std::uint8_t> bounds, std::size_t record) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto label = std::to_integer<std::uint8_t>(labels[i]);
    if (label < bounds[i]) continue;
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has label {} in record {}, expected 0 to {}", path.string(),
                            label, record, bounds[i] - 1),
                "the file is damaged or another format; get a fresh copy of the binary version");
  }
  return std::to_integer<std::int64_t>(labels[bounds.size() - 1]);
}

void interleave(std::span<const std::byte> planes, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < kPlane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      out[3 * i + c] = std::to_integer<std::uint8_t>(planes[c * kPlane + i]);
    }
  }
}

void append(const fs::path& path, const Layout& layout, LabelledImages& images) {
  const std::vector<std::byte> bytes = read_records(path, layout);
  const std::size_t labels = layout.label_bounds.size();
  const std::size_t count = bytes.size() / (labels + kPixels);
  std::size_t pixel = images.pixels.size();
  images.pixels.resize(pixel + count * kPixels);
  for (std::size_t i = 0; i < count; ++i, pixel += kPixels) {
    const auto record = std::span(bytes).subspan(i * (labels + kPixels), labels + kPixels);
    images.labels.push_back(read_label(path, record, layout.label_bounds, i));
    interleave(record.subspan(labels), std::span(images.pixels).subspan(pixel, kPixels));
  }
}

}  // namespace

LabelledImages read_cifar(const fs::path& folder, Split split, std::int64_t classes) {
  const Layout files = layout(classes);
  std::error_code ignored;
  const fs::path inner = folder / files.folder;
  const fs::path& place = fs::is_directory(inner, ignored) ? inner : folder;
  LabelledImages images{kShape, classes, {}, {}};
  for (const std::string& name : split == Split::Train ? files.train_files : files.test_files) {
    append(place / name, files, images);
  }
  return images;
}

}  // namespace pollard
