#include "data/exif.h"

#include <algorithm>
#include <string_view>

namespace pollard {
namespace {

constexpr std::uint32_t kOrientationTag = 0x112, kShortType = 3;

// Numbers at places that are checked; 0 outside.
struct Tiff {
  std::span<const std::uint8_t> bytes;
  bool big_endian;

  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || size > bytes.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | bytes[at + (big_endian ? i : size - 1 - i)];
    return value;
  }
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> marker) {
  using namespace std::string_view_literals;
  const std::string_view text(reinterpret_cast<const char*>(marker.data()), marker.size());
  constexpr std::size_t kTiff = 6;
  if (!text.starts_with("Exif\0\0"sv)) return 1;
  const std::string_view order = text.substr(kTiff, 4);
  if (order != "II*\0"sv && order != "MM\0*"sv) return 1;
  const Tiff tiff{marker.subspan(kTiff), order[0] == 'M'};
  const std::size_t tags = tiff.number(4, 4);
  const std::uint32_t count = tiff.number(tags, 2);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t at = tags + 2 + std::size_t{12} * i;
    if (at >= tiff.bytes.size()) break;
    if (tiff.number(at, 2) != kOrientationTag || tiff.number(at + 2, 2) != kShortType) continue;
    const std::uint32_t value = tiff.number(at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace pollard
