// A value seen through slices and paddings: along each axis (channel, row, column), indices
// [begin, begin + count) are the source's start, start + step, ...; elsewhere it is `fill`.
// Slices of paddings of slices are again of this form, so that they cost nothing until read.
#pragma once

#include <array>
#include <cstdint>

#include "sparse/layout.h"

namespace pollard::sparse {

struct Axis {
  std::int64_t begin = 0, count = 0, start = 0, step = 1;
  bool operator==(const Axis&) const = default;
};

using Sizes = std::array<std::int64_t, 3>;
[[nodiscard]] Sizes sizes_of(const MapShape& shape);

struct MapView {
  int source = -1;  // a value's number
  MapShape shape;   // of what is seen
  std::array<Axis, 3> axes;
  float fill = 0;

  /// Whether every element comes from the source.
  [[nodiscard]] bool covered() const;
  [[nodiscard]] bool covered(std::size_t axis) const;
  /// Whether it is just the source.
  [[nodiscard]] bool whole(const MapShape& source_shape) const;
};

[[nodiscard]] MapView view_of(int source, const MapShape& shape);
/// Elements start, start + step, ... of an axis, `count` of them, all within the view.
[[nodiscard]] MapView sliced(MapView view, std::size_t axis, std::int64_t start, std::int64_t step,
                             std::int64_t count);
/// `before` and `after` more elements (fewer, if negative) along an axis. What is added is the
/// view's fill.
[[nodiscard]] MapView padded(MapView view, std::size_t axis, std::int64_t before,
                             std::int64_t after);

}  // namespace pollard::sparse
