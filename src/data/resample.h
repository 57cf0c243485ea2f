// Pictures to another size: bilinear, antialiased where they shrink (as PIL and torchvision do it).
//
// Output pixel i looks at c = begin + (first + i + 1/2) step. With r = max(step, 1) it is the mean
// of the pixels j within c - r .. c + r and low .. high, weighted by 1 - |j + 1/2 - c| / r. Rows
// first, then columns, in float, rounded once. Sums run in one order, so results do not depend on
// the machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/jpeg_reader.h"

namespace pollard {

/// One axis of what is wanted of a picture.
struct AxisView {
  double begin = 0, step = 1;
  std::int64_t count = 0;
  std::int64_t low = 0, high = 0;  // pixels that may be looked at
  std::int64_t first = 0;          // a window of a larger view, with the same bits

  /// The same seen from the other end of a picture of `size` pixels; comes out in reverse order.
  [[nodiscard]] AxisView reversed(std::int64_t size) const {
    return {
        static_cast<double>(size) - begin, step, count, size - high, size - low, -(first + count)};
  }
  [[nodiscard]] double center(std::int64_t i) const {
    return begin + (static_cast<double>(first + i) + 0.5) * step;
  }
  /// The pixels it looks at: first and one past the last.
  struct Reach {
    std::int64_t first, end;
  };
  [[nodiscard]] Reach reach() const;
};

struct View {
  AxisView x, y;
};

class Resampler {
 public:
  /// `out` gets view.y.count x view.x.count x 3 bytes. `in` holds the pixels of the picture from
  /// column `first_x` and row `first_y` on, at least as far as the view reaches.
  void run(const Rgbx& in, std::int64_t first_x, std::int64_t first_y, const View& view,
           std::span<std::uint8_t> out);

 private:
  struct Taps {
    std::int64_t first = 0, count = 0;
    std::size_t weights = 0;  // where they begin
  };
  struct AxisTaps {
    std::vector<Taps> taps;
    std::vector<float> weights;
  };
  static void set_up(const AxisView& axis, AxisTaps& taps);

  AxisTaps x_, y_;
  std::vector<float> row_;
};

}  // namespace pollard
