// CIFAR-10 and CIFAR-100, in whichever layout they are found (cifar_files.h).
//
// The binary version is made of records of fixed size, without a header:
//
//   CIFAR-10:  label, 1024 red, 1024 green, 1024 blue bytes (32 x 32, rows from the top)
//   CIFAR-100: coarse label, fine label, then the same; the fine label is the class
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "data/cifar_files.h"
#include "data/cifar_pickle.h"
#include "data/image_decoder.h"
#include "data/image_list.h"
#include "data/readers.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr ImageShape kShape{3, 32, 32};
constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kPixels = 3 * kPlane;

void interleave(const std::byte* planes, LabelledImages& images) {
  const std::size_t at = images.pixels.size();
  images.pixels.resize(at + kPixels);
  for (std::size_t i = 0; i < kPlane; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      images.pixels[at + 3 * i + c] = std::to_integer<std::uint8_t>(planes[c * kPlane + i]);
  }
}

std::int64_t read_label(const CifarFile& file, std::span<const std::byte> labels,
                        std::span<const std::uint8_t> bounds, std::size_t record) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto label = std::to_integer<std::uint8_t>(labels[i]);
    if (label < bounds[i]) continue;
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has label {} in record {}, expected 0 to {}", file.origin, label,
                            record, bounds[i] - 1),
                "the file is damaged or another format; get a fresh copy of the binary version");
  }
  return std::to_integer<std::int64_t>(labels[bounds.size() - 1]);
}

void append_binary(const CifarFile& file, LabelledImages& images) {
  // Of each label byte; the last one is the class.
  const auto bounds =
      images.classes == 100 ? std::vector<std::uint8_t>{20, 100} : std::vector<std::uint8_t>{10};
  const std::size_t record = bounds.size() + kPixels;
  if (file.bytes.empty() || file.bytes.size() % record != 0) {
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has {} bytes, expected a positive multiple of {} (one record of "
                            "CIFAR-{})",
                            file.origin, file.bytes.size(), record, images.classes),
                "the file is truncated or another format; get a fresh copy of the binary version");
  }
  for (std::size_t i = 0; i < file.bytes.size() / record; ++i) {
    const auto bytes = std::span(file.bytes).subspan(i * record, record);
    images.labels.push_back(read_label(file, bytes, bounds, i));
    interleave(bytes.data() + bounds.size(), images);
  }
}

void append_pickle(const CifarFile& file, LabelledImages& images) {
  const CifarBatch batch = read_cifar_pickle(file.bytes, file.origin, images.classes);
  images.labels.insert(images.labels.end(), batch.labels.begin(), batch.labels.end());
  const auto* planes = reinterpret_cast<const std::byte*>(batch.planes.data());
  for (std::size_t i = 0; i < batch.labels.size(); ++i) interleave(planes + i * kPixels, images);
}

// Class folders that are called 0, 1, ... 99 are in that order, not in that of their names.
std::vector<std::string> class_order(std::vector<std::string> names) {
  const auto number = [](const std::string& name) -> std::optional<std::size_t> {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error != std::errc() || end != name.data() + name.size()) return {};
    return value;
  };
  if (std::ranges::all_of(names, [&](const auto& name) { return number(name).has_value(); }))
    std::ranges::sort(names, {}, [&](const std::string& name) { return *number(name); });
  return names;
}

void read_pictures(const fs::path& folder, LabelledImages& images) {
  std::vector<std::string> names = class_names(folder);
  if (static_cast<std::int64_t>(names.size()) != images.classes) {
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has {} class folders, expected {}", folder.string(), names.size(),
                            images.classes),
                "use data=imagefolder for other pictures");
  }
  const ImageList list = list_images(folder, class_order(std::move(names)));
  ImageDecoder decoder;
  std::vector<std::uint8_t> pixels;
  for (const ImageList::Entry& image : list.images) {
    decoder.read(folder / image.name, whole_view, pixels);
    if (decoder.width() != kShape.width || decoder.height() != kShape.height) {
      throw Error(
          ErrorCode::Input,
          fmt::format("'{}' has {} x {} pixels, expected {} x {}", (folder / image.name).string(),
                      decoder.width(), decoder.height(), kShape.width, kShape.height),
          "use data=imagefolder for pictures of other sizes");
    }
    images.labels.push_back(image.label);
    images.pixels.insert(images.pixels.end(), pixels.begin(), pixels.end());
  }
}

}  // namespace

LabelledImages read_cifar(const fs::path& path, Split split, std::int64_t classes) {
  const CifarPlace place = find_cifar(path, classes);
  LabelledImages images{kShape, classes, {}, {}, place.text()};
  if (place.names.layout == CifarLayout::Pictures) {
    read_pictures(place.path / (split == Split::Train ? "train" : "test"), images);
    return images;
  }
  for (const CifarFile& file : read_files(place, split)) {
    if (place.names.layout == CifarLayout::Binary) {
      append_binary(file, images);
    } else {
      append_pickle(file, images);
    }
  }
  return images;
}

}  // namespace pollard
