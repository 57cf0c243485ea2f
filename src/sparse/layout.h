// Where the values of a tensor lie. All floats, [row][channel][x ...], with a halo of zeros around
// each map, so that what reads beyond a border needs no condition.
//
//   blocked   `lanes` images, or a multiple: [row][channel][x][image]. A vector is one pixel of
//             `lanes` images.
//   spatial   one image: [row][channel][x]. A vector is `lanes` neighbouring pixels. A reader of
//             stride p finds its neighbours in planes of every p-th pixel, the `phases`:
//             [row][channel][x mod p][x / p].
#pragma once

#include <cstdint>

#include "pollard/tensor.h"
#include "sparse/kernels.h"

namespace pollard::sparse {

enum class Packing { Blocked, Spatial };

/// Of one image; a vector of K features has K channels of one pixel.
struct MapShape {
  int channels = 0, height = 0, width = 0;
  [[nodiscard]] std::int64_t size() const { return std::int64_t{channels} * height * width; }
  bool operator==(const MapShape&) const = default;
};

/// Of a value of a graph, [N, K] or [N, C, H, W]; graphs keep sizes below 2^31.
[[nodiscard]] MapShape map_shape(const Shape& shape);

/// Zeros around a map, in pixels.
struct Halo {
  int top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Halo&) const = default;
};
[[nodiscard]] Halo larger(const Halo& a, const Halo& b);

struct Layout {
  Packing packing = Packing::Blocked;
  int lanes = 0;
  int images = 1;  // side by side
  MapShape shape;
  Halo halo;
  int phases = 1;
  // Floats: from one to the next, of pixel (0, 0, 0), of the whole buffer with what vectors read
  // beyond it.
  std::int64_t channel = 0, row = 0, phase = 0, origin = 0, size = 0;

  [[nodiscard]] bool blocked() const { return packing == Packing::Blocked; }
  /// Vectors in a row, and lanes that count in its last one (0: all). With one phase only.
  [[nodiscard]] int vectors() const;
  [[nodiscard]] int tail() const;
  /// Of a pixel (of the first image), which may be in the halo, from the buffer's start.
  [[nodiscard]] std::int64_t at(int c, int y, int x) const;

  /// Pixel (0, 0, 0) and on, vector by vector.
  [[nodiscard]] Plane plane(float* buffer) const { return {buffer + origin, channel, row, lanes}; }
  [[nodiscard]] ConstPlane plane(const float* buffer) const {
    return {buffer + origin, channel, row, lanes};
  }

  bool operator==(const Layout&) const = default;
};

/// Throws Error{Input} where an offset does not fit into 32 bits.
[[nodiscard]] Layout blocked_layout(const MapShape& shape, const Halo& halo, int lanes,
                                    int images = 0);  // 0: `lanes`
[[nodiscard]] Layout spatial_layout(const MapShape& shape, const Halo& halo, int lanes,
                                    int phases = 1);

}  // namespace pollard::sparse
