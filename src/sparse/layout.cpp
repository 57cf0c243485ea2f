// Rows are stretched a little where their length would put one channel's rows into few sets of the
// caches; in the spatial layout one gap serves as the right halo of a channel and the left one of
// the next.
#include "sparse/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

constexpr std::int64_t kLine = 16;    // floats of a cache line
constexpr std::int64_t kAlias = 512;  // rows apart by multiples of this share sets

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

void finish(Layout& layout) {
  layout.row = layout.shape.channels * layout.channel;
  if (layout.row % kAlias == 0) layout.row += kLine;
  layout.origin += layout.halo.top * layout.row;
  const std::int64_t rows =
      std::int64_t{layout.halo.top} + layout.shape.height + layout.halo.bottom;
  // Beyond the last row: its right halo, and what the last vectors read too much.
  const std::int64_t beyond = layout.channel + kLine + 4 * std::max(layout.lanes, layout.images);
  if (static_cast<double>(rows) * static_cast<double>(layout.row) + static_cast<double>(beyond) <
      std::numeric_limits<std::int32_t>::max()) {
    layout.size = rounded_up(rows * layout.row + beyond, kLine);
    return;
  }
  throw Error(ErrorCode::Input,
              fmt::format("a map of {} channels and {} x {} pixels is too large for the sparse "
                          "engine, whose offsets have 32 bits",
                          layout.shape.channels, layout.shape.height, layout.shape.width));
}

}  // namespace

MapShape map_shape(const Shape& shape) {
  const auto size = [&](std::size_t i) { return static_cast<int>(shape[i]); };
  if (shape.size() == 2) return {size(1), 1, 1};
  return {size(1), size(2), size(3)};
}

Halo larger(const Halo& a, const Halo& b) {
  return {std::max(a.top, b.top), std::max(a.left, b.left), std::max(a.bottom, b.bottom),
          std::max(a.right, b.right)};
}

int Layout::vectors() const {
  return blocked() ? shape.width * (images / lanes) : (shape.width + lanes - 1) / lanes;
}

int Layout::tail() const { return blocked() ? 0 : shape.width % lanes; }

std::int64_t Layout::at(int c, int y, int x) const {
  const std::int64_t place = origin + c * channel + y * row;
  if (blocked()) return place + std::int64_t{x} * images;
  const int column = floor_div(x, phases);
  return place + (x - column * phases) * phase + column;
}

Layout blocked_layout(const MapShape& shape, const Halo& halo, int lanes, int images) {
  Layout layout{.packing = Packing::Blocked, .lanes = lanes, .shape = shape, .halo = halo};
  layout.images = images == 0 ? lanes : images;
  layout.channel = (std::int64_t{halo.left} + shape.width + halo.right) * layout.images;
  layout.origin = std::int64_t{halo.left} * layout.images;
  finish(layout);
  return layout;
}

Layout spatial_layout(const MapShape& shape, const Halo& halo, int lanes, int phases) {
  Layout layout{
      .packing = Packing::Spatial, .lanes = lanes, .shape = shape, .halo = halo, .phases = phases};
  const auto columns = [&](std::int64_t pixels) { return (pixels + phases - 1) / phases; };
  const std::int64_t inside = rounded_up(columns(shape.width), lanes);
  const std::int64_t left = columns(halo.left), right = columns(halo.right);
  if (left + inside + right <= kLine) {  // a row within a line: no load crosses lines
    layout.phase = kLine;
    layout.origin = std::clamp<std::int64_t>((kLine - inside) / 2, left, kLine - inside - right);
  } else {
    layout.phase = rounded_up(inside + std::max(left, right), std::min<std::int64_t>(lanes, 8));
    layout.origin = rounded_up(left, kLine);
  }
  layout.channel = phases * layout.phase;
  finish(layout);
  return layout;
}

}  // namespace pollard::sparse
