// How a camera was held, as JPEG files tell it: tag 0x0112 of the EXIF data in their APP1 marker.
//
//   "Exif\0\0", then TIFF: "II*\0" or "MM\0*" (the order of bytes), where the tags are (4)
//   tags: their number (2), then for each 12 bytes: tag (2), type (2), count (4), value (4)
//
// (x, y) of the picture as seen is (u, v) of the file, W x H in the file:
//
//   1 u = x        v = y            5 u = y        v = x
//   2 u = W-1-x    v = y            6 u = y        v = H-1-x
//   3 u = W-1-x    v = H-1-y        7 u = W-1-y    v = H-1-x
//   4 u = x        v = H-1-y        8 u = W-1-y    v = x
#pragma once

#include <cstdint>
#include <span>

namespace pollard {

/// 1 to 8; 1 where the marker does not say.
[[nodiscard]] int exif_orientation(std::span<const std::uint8_t> marker);

struct Orientation {
  bool swapped, flip_u, flip_v;
};
[[nodiscard]] constexpr Orientation orientation_parts(int orientation) {
  const int o = orientation;
  return {o >= 5, o == 2 || o == 3 || o >= 7, o == 3 || o == 4 || o == 6 || o == 7};
}

}  // namespace pollard
