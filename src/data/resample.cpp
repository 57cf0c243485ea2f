#include "data/resample.h"

#include <algorithm>
#include <cmath>

#include "data/pixels.h"

namespace pollard {

AxisView::Reach AxisView::reach() const {
  const double radius = std::max(step, 1.0);
  const auto first_pixel = static_cast<std::int64_t>(std::floor(center(0) - radius));
  const auto end_pixel = static_cast<std::int64_t>(std::ceil(center(count - 1) + radius)) + 1;
  const std::int64_t begin_pixel = std::clamp(first_pixel, low, high - 1);
  return {begin_pixel, std::clamp(end_pixel, begin_pixel + 1, high)};
}

void Resampler::set_up(const AxisView& axis, AxisTaps& out) {
  out.taps.clear();
  out.weights.clear();
  const double radius = std::max(axis.step, 1.0);
  for (std::int64_t i = 0; i < axis.count; ++i) {
    const double center = axis.center(i);
    AxisView one = axis;
    one.first += i;
    one.count = 1;
    const AxisView::Reach reach = one.reach();
    Taps taps{reach.first, 0, out.weights.size()};
    double sum = 0;
    for (std::int64_t j = reach.first; j < reach.end; ++j) {
      const double weight = 1 - std::abs(static_cast<double>(j) + 0.5 - center) / radius;
      if (weight <= 0 && taps.count == 0) {
        ++taps.first;
        continue;
      }
      if (weight <= 0) break;
      sum += weight;
      out.weights.push_back(static_cast<float>(weight));
      ++taps.count;
    }
    if (taps.count == 0) {  // a centre outside of what may be looked at: the nearest pixel
      taps.first =
          std::clamp(static_cast<std::int64_t>(std::floor(center)), axis.low, axis.high - 1);
      taps.count = 1;
      sum = 1;
      out.weights.push_back(1.0F);
    }
    for (std::size_t k = taps.weights; k < out.weights.size(); ++k)
      out.weights[k] = static_cast<float>(static_cast<double>(out.weights[k]) / sum);
    out.taps.push_back(taps);
  }
}

void Resampler::run(const Rgbx& in, std::int64_t first_x, std::int64_t first_y, const View& view,
                    std::span<std::uint8_t> out) {
  set_up(view.x, x_);
  set_up(view.y, y_);
  const AxisView::Reach columns = view.x.reach();
  const std::int64_t width = columns.end - columns.first;
  row_.resize(static_cast<std::size_t>(4 * width));
  const std::uint8_t* begin = in.pixels.data() + 4 * (columns.first - first_x);
  std::uint8_t* place = out.data();
  for (const Taps& rows : y_.taps) {
    const std::uint8_t* source = begin + 4 * in.width * (rows.first - first_y);
    mix_rows(row_.data(), source, 4 * in.width, y_.weights.data() + rows.weights, rows.count,
             4 * width);
    for (const Taps& taps : x_.taps) {
      mix_pixels(place, row_.data() + 4 * (taps.first - columns.first),
                 x_.weights.data() + taps.weights, taps.count);
      place += 3;
    }
  }
}

}  // namespace pollard
