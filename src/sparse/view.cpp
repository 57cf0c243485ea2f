#include "sparse/view.h"

#include <algorithm>

namespace pollard::sparse {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a <= 0 ? 0 : (a + b - 1) / b;  // clamped at 0, which is all that is needed here
}

void set_size(MapShape& shape, std::size_t axis, std::int64_t size) {
  (axis == 0 ? shape.channels : axis == 1 ? shape.height : shape.width) = static_cast<int>(size);
}

Axis normalized(Axis axis) {
  if (axis.count <= 0) return {};
  if (axis.count == 1) axis.step = 1;
  return axis;
}

}  // namespace

Sizes sizes_of(const MapShape& shape) { return {shape.channels, shape.height, shape.width}; }

bool MapView::covered(std::size_t axis) const {
  return axes[axis].begin == 0 && axes[axis].count == sizes_of(shape)[axis];
}

bool MapView::covered() const { return covered(0) && covered(1) && covered(2); }

bool MapView::whole(const MapShape& source_shape) const {
  const auto straight = [](const Axis& axis) { return axis.start == 0 && axis.step == 1; };
  return shape == source_shape && covered() && std::all_of(axes.begin(), axes.end(), straight);
}

MapView view_of(int source, const MapShape& shape) {
  MapView view{.source = source, .shape = shape, .axes = {}};
  for (std::size_t axis = 0; axis < 3; ++axis) view.axes[axis].count = sizes_of(shape)[axis];
  return view;
}

MapView sliced(MapView view, std::size_t axis, std::int64_t start, std::int64_t step,
               std::int64_t count) {
  if (count <= 1) step = 1;
  Axis& a = view.axes[axis];
  const std::int64_t first = ceil_div(a.begin - start, step);
  const std::int64_t last = a.begin + a.count - 1;  // of the old indices that come from the source
  Axis seen;
  if (a.count > 0 && start <= last) {
    seen.begin = first;
    seen.count = std::min(count - 1, (last - start) / step) - first + 1;
    seen.start = a.start + (start + first * step - a.begin) * a.step;
    seen.step = a.step * step;
  }
  a = normalized(seen);
  set_size(view.shape, axis, count);
  return view;
}

MapView padded(MapView view, std::size_t axis, std::int64_t before, std::int64_t after) {
  const std::int64_t size = sizes_of(view.shape)[axis] + before + after;
  Axis& a = view.axes[axis];
  a.begin += before;
  if (a.begin < 0) {
    a.start -= a.begin * a.step;
    a.count += a.begin;
    a.begin = 0;
  }
  a.count = std::min(a.count, size - a.begin);
  a = normalized(a);
  set_size(view.shape, axis, size);
  return view;
}

}  // namespace pollard::sparse
