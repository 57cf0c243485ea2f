// IDX, the format of MNIST and Fashion-MNIST: big-endian 32-bit numbers, then unsigned bytes.
//
//   images: 0x00000803, count, rows, columns, count x rows x columns pixels
//   labels: 0x00000801, count, count labels
#include <fmt/format.h>

#include <array>
#include <span>

#include "data/byte_source.h"
#include "data/readers.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr std::uint32_t kImagesMagic = 0x803;
constexpr std::uint32_t kLabelsMagic = 0x801;
constexpr std::int64_t kClasses = 10;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::Input, fmt::format("'{}' {}", path.string(), what),
              "get a fresh copy of the file");
}

fs::path find_file(const fs::path& folder, const std::string& name, const std::string& hint) {
  for (const char* ending : {"", ".gz"}) {
    const fs::path path = folder / (name + ending);
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return path;
  }
  throw Error(ErrorCode::Io,
              fmt::format("cannot find '{}', gzipped (.gz) or plain", (folder / name).string()),
              hint);
}

std::uint32_t read_number(ByteSource& source) {
  std::array<std::uint8_t, 4> bytes{};
  source.read(bytes);
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

struct IdxFile {
  std::vector<std::int64_t> sizes;
  std::vector<std::uint8_t> bytes;
};

IdxFile read_file(const fs::path& path, std::uint32_t magic) {
  ByteSource source(path);
  if (const std::uint32_t found = read_number(source); found != magic) {
    fail(path, fmt::format(
                   "is not an IDX file of the kind expected: it begins with {:#010x}, not {:#010x}",
                   found, magic));
  }
  IdxFile file;
  std::uint64_t total = 1;
  for (std::uint32_t axis = 0; axis < (magic & 0xff); ++axis) {
    const std::uint32_t size = read_number(source);
    if (size == 0) fail(path, "announces no data: one of its sizes is 0");
    file.sizes.push_back(size);
  }
  // Judged before any room is made: a damaged header could ask for 2^96 bytes.
  for (const std::int64_t size : file.sizes) {
    const auto factor = static_cast<std::uint64_t>(size);
    if (total > source.most_left() / factor) {
      fail(path, fmt::format("is truncated: it cannot hold the {} bytes it announces",
                             to_string(file.sizes)));
    }
    total *= factor;
  }
  file.bytes.resize(total);
  source.read(file.bytes);
  source.expect_end();
  return file;
}

std::vector<std::int64_t> checked_labels(const fs::path& path,
                                         std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] >= kClasses) {
      fail(path,
           fmt::format("has label {} at position {}, expected 0 to {}", bytes[i], i, kClasses - 1));
    }
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace

LabelledImages read_idx(const fs::path& folder, Split split, const std::string& missing_hint) {
  const std::string stem = split == Split::Train ? "train" : "t10k";
  const fs::path images_path = find_file(folder, stem + "-images-idx3-ubyte", missing_hint);
  const fs::path labels_path = find_file(folder, stem + "-labels-idx1-ubyte", missing_hint);
  IdxFile images = read_file(images_path, kImagesMagic);
  const IdxFile labels = read_file(labels_path, kLabelsMagic);
  if (images.sizes[0] != labels.sizes[0]) {
    fail(labels_path, fmt::format("has {} labels, but '{}' has {} images", labels.sizes[0],
                                  images_path.string(), images.sizes[0]));
  }
  return {ImageShape{1, images.sizes[1], images.sizes[2]}, kClasses, std::move(images.bytes),
          checked_labels(labels_path, labels.bytes),
          fmt::format("IDX files in '{}'", folder.string())};
}

}  // namespace pollard
