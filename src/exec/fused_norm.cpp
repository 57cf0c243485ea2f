#include "exec/fused_norm.h"

#include <omp.h>

#include <algorithm>
#include <utility>
#include <vector>

// One source for several instruction sets; the choice falls when the program is loaded.
#if defined(__x86_64__) && !defined(POLLARD_SANITIZE)
#define POLLARD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define POLLARD_CLONES
#endif
#define POLLARD_INLINE inline __attribute__((always_inline))

namespace pollard {
namespace {

constexpr std::int64_t kBlock = 256;  // lines summed in float before the sums go to double

// The matrix seen as lines of `width` floats, cut into columns of `lanes` floats. With few channels
// several rows make one line; with many, a row has several columns. Either way lane l of column k
// always belongs to channel (k * lanes + l) % channels. `rest` floats after the last line are
// handled one by one.
struct Grid {
  std::int64_t lines, width, rest;
  int lanes;
};

int lanes_for(std::int64_t channels) {
  for (const int lanes : {64, 32, 16, 8}) {
    if (channels % lanes == 0 || lanes % channels == 0) return lanes;
  }
  return 0;
}

Grid grid_of(NormShape shape) {
  const int lanes = lanes_for(shape.channels);
  const std::int64_t width = std::max<std::int64_t>(shape.channels, lanes);
  const std::int64_t total = shape.rows * shape.channels;
  return {total / width, width, total % width, lanes};
}

// Calls body(begin, end) on equal parts of the lines, one a thread; `part` numbers them.
template <typename Body>
void for_each_part(std::int64_t lines, const Body& body) {
#pragma omp parallel
  {
    const int part = omp_get_thread_num();
    const int parts = omp_get_num_threads();
    body(part, lines * part / parts, lines * (part + 1) / parts);
  }
}

// ---- the inner loops: L lanes, a compile-time constant, so that sums stay in registers ---------
//
// ReLU lets NaN through, as LibTorch's does: a diverged run must not look like a dead channel.

// first[l] += x - center, second[l] += (x - center)^2
template <int L>
POLLARD_INLINE void statistics_lines(const float* x, const float* centers, std::int64_t width,
                                     std::int64_t lines, float* first, float* second) {
  float s[L] = {}, q[L] = {}, center[L];
  std::copy_n(centers, L, center);
  for (std::int64_t i = 0; i < lines; ++i, x += width) {
    for (int l = 0; l < L; ++l) {
      const float d = x[l] - center[l];
      s[l] += d;
      q[l] += d * d;
    }
  }
  std::copy_n(s, L, first);
  std::copy_n(q, L, second);
}

// Everything a line of the backward pass reads and writes, at one place of the matrix. `factor` and
// `offset` (of the mask) and `mean` hold a value per float of a line.
struct BackwardLine {
  const float *x, *dy, *dy2, *y, *factor, *offset, *mean;
  float* out;  // g in the first pass (may be null), dx in the second

  [[nodiscard]] BackwardLine at(std::int64_t column, std::int64_t start) const {
    const auto moved = [](auto* pointer, std::int64_t by) {
      return pointer == nullptr ? nullptr : pointer + by;
    };
    return {x + start + column,
            dy + start + column,
            moved(dy2, start + column),
            moved(y, start + column),
            moved(factor, column),
            moved(offset, column),
            mean + column,
            moved(out, start + column)};
  }
};

// g of `count` floats of a line that begin `i` floats on. The branches are the same for all lines.
POLLARD_INLINE void gradient_line(const BackwardLine& a, std::int64_t i, int count, float* g) {
  for (int l = 0; l < count; ++l) g[l] = a.dy[i + l];
  if (a.dy2 != nullptr) {
    for (int l = 0; l < count; ++l) g[l] += a.dy2[i + l];
  }
  if (a.y != nullptr) {
    for (int l = 0; l < count; ++l) g[l] = a.y[i + l] <= 0 ? 0.0F : g[l];
  } else if (a.factor != nullptr) {
    for (int l = 0; l < count; ++l) {
      g[l] = a.x[i + l] * a.factor[l] + a.offset[l] <= 0 ? 0.0F : g[l];
    }
  }
}

// first[l] += g, second[l] += g * (x - mean)
template <int L>
POLLARD_INLINE void backward_sum_lines(const BackwardLine& a, std::int64_t width,
                                       std::int64_t lines, float* first, float* second) {
  float s[L] = {}, q[L] = {}, mean[L], g[L];
  std::copy_n(a.mean, L, mean);
  for (std::int64_t n = 0; n < lines; ++n) {
    const std::int64_t i = n * width;
    gradient_line(a, i, L, g);
    if (a.out != nullptr) {
      float* __restrict out = a.out + i;  // where it is dy, that has been read
      for (int l = 0; l < L; ++l) out[l] = g[l];
    }
    for (int l = 0; l < L; ++l) {
      s[l] += g[l];
      q[l] += g[l] * (a.x[i + l] - mean[l]);
    }
  }
  std::copy_n(s, L, first);
  std::copy_n(q, L, second);
}

POLLARD_CLONES void statistics_block(int lanes, const float* x, const float* center,
                                     std::int64_t width, std::int64_t lines, float* first,
                                     float* second) {
  if (lanes == 64) return statistics_lines<64>(x, center, width, lines, first, second);
  if (lanes == 32) return statistics_lines<32>(x, center, width, lines, first, second);
  if (lanes == 16) return statistics_lines<16>(x, center, width, lines, first, second);
  statistics_lines<8>(x, center, width, lines, first, second);
}

POLLARD_CLONES void backward_sum_block(int lanes, const BackwardLine& a, std::int64_t width,
                                       std::int64_t lines, float* first, float* second) {
  if (lanes == 64) return backward_sum_lines<64>(a, width, lines, first, second);
  if (lanes == 32) return backward_sum_lines<32>(a, width, lines, first, second);
  if (lanes == 16) return backward_sum_lines<16>(a, width, lines, first, second);
  backward_sum_lines<8>(a, width, lines, first, second);
}

template <bool residual, bool relu>
POLLARD_INLINE void apply_lines(const float* x, const float* r, const float* factor,
                                const float* offset, float* y, std::int64_t width,
                                std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t at = i * width;
    for (std::int64_t l = 0; l < width; ++l) {
      float v = x[at + l] * factor[l] + offset[l];
      if (residual) v += r[at + l];
      y[at + l] = relu ? (v < 0 ? 0.0F : v) : v;
    }
  }
}

POLLARD_CLONES void apply_range(const float* x, const float* r, const float* factor,
                                const float* offset, bool relu, float* y, std::int64_t width,
                                std::int64_t begin, std::int64_t end) {
  if (r != nullptr && relu)
    return apply_lines<true, true>(x, r, factor, offset, y, width, begin, end);
  if (r != nullptr) return apply_lines<true, false>(x, r, factor, offset, y, width, begin, end);
  if (relu) return apply_lines<false, true>(x, r, factor, offset, y, width, begin, end);
  apply_lines<false, false>(x, r, factor, offset, y, width, begin, end);
}

// What the second backward pass multiplies with, a value per float of a line.
struct BackwardFactors {
  const float *factor, *slope, *constant;
};

template <int L>
POLLARD_INLINE void backward_lines(const BackwardLine& a, const BackwardFactors& f,
                                   std::int64_t width, std::int64_t lines) {
  float factor[L], slope[L], constant[L], mean[L], g[L];
  std::copy_n(f.factor, L, factor);
  std::copy_n(f.slope, L, slope);
  std::copy_n(f.constant, L, constant);
  std::copy_n(a.mean, L, mean);
  for (std::int64_t n = 0; n < lines; ++n) {
    const std::int64_t i = n * width;
    gradient_line(a, i, L, g);
    const float* x = a.x + i;
    float* __restrict dx = a.out + i;  // where it is dy, that has been read
    for (int l = 0; l < L; ++l) {
      dx[l] = factor[l] * g[l] + slope[l] * (x[l] - mean[l]) + constant[l];
    }
  }
}

POLLARD_CLONES void backward_block(int lanes, const BackwardLine& a, const BackwardFactors& f,
                                   std::int64_t width, std::int64_t lines) {
  if (lanes == 64) return backward_lines<64>(a, f, width, lines);
  if (lanes == 32) return backward_lines<32>(a, f, width, lines);
  if (lanes == 16) return backward_lines<16>(a, f, width, lines);
  if (lanes == 8) return backward_lines<8>(a, f, width, lines);
  backward_lines<1>(a, f, width, lines);
}

// ---- the frame around them ---------------------------------------------------------------------

// A value per channel, repeated to a value per float of a line.
std::vector<float> spread(const float* values, std::int64_t channels, std::int64_t width) {
  std::vector<float> line(static_cast<std::size_t>(width));
  for (std::int64_t l = 0; l < width; ++l) line[static_cast<std::size_t>(l)] = values[l % channels];
  return line;
}

struct ChannelSums {
  std::vector<double> first, second;

  explicit ChannelSums(std::int64_t channels)
      : first(static_cast<std::size_t>(channels)), second(first.size()) {}
  ChannelSums& operator+=(const ChannelSums& other) {
    for (std::size_t c = 0; c < first.size(); ++c) {
      first[c] += other.first[c];
      second[c] += other.second[c];
    }
    return *this;
  }
};

// Two sums for each channel. block(lanes, column, from, lines, first, second) sums `lines` lines
// from line `from`, the floats from `column` on, into `lanes` floats each; rest(i) gives the terms
// of the one float i that belongs to no line.
template <typename Block, typename Rest>
ChannelSums channel_sums(NormShape shape, const Grid& grid, const Block& block, const Rest& rest) {
  std::vector<ChannelSums> parts(static_cast<std::size_t>(omp_get_max_threads()),
                                 ChannelSums(shape.channels));
  for_each_part(grid.lines, [&](int part, std::int64_t begin, std::int64_t end) {
    ChannelSums sums(shape.channels);
    float first[64], second[64];
    for (std::int64_t from = begin; from < end; from += kBlock) {
      for (std::int64_t column = 0; column < grid.width; column += grid.lanes) {
        block(grid.lanes, column, from, std::min(end - from, kBlock), first, second);
        for (int l = 0; l < grid.lanes; ++l) {
          const auto channel = static_cast<std::size_t>((column + l) % shape.channels);
          sums.first[channel] += first[l];
          sums.second[channel] += second[l];
        }
      }
    }
    parts[static_cast<std::size_t>(part)] = std::move(sums);
  });

  ChannelSums total(shape.channels);
  for (const ChannelSums& part : parts) total += part;  // in order: the same sum every time
  for (std::int64_t i = grid.lines * grid.width; i < shape.rows * shape.channels; ++i) {
    const auto c = static_cast<std::size_t>(i % shape.channels);
    const auto [a, b] = rest(i);
    total.first[c] += a;
    total.second[c] += b;
  }
  return total;
}

// A backward pass over the matrix: the values per channel repeated over a line.
struct BackwardPass {
  std::vector<float> mean, factor, offset;
  BackwardLine line;

  BackwardPass(NormShape shape, const Grid& grid, const float* x, const NormGradient& gradient,
               const float* means, float* out)
      : mean(spread(means, shape.channels, grid.width)) {
    const bool from_x = gradient.y == nullptr && gradient.factor != nullptr;
    if (from_x) {
      factor = spread(gradient.factor, shape.channels, grid.width);
      offset = spread(gradient.offset, shape.channels, grid.width);
    }
    line = {x,
            gradient.dy,
            gradient.dy2,
            gradient.y,
            from_x ? factor.data() : nullptr,
            from_x ? offset.data() : nullptr,
            mean.data(),
            out};
  }
};

}  // namespace

bool fused_norm_supports(std::int64_t channels) { return channels > 0 && lanes_for(channels) != 0; }

void norm_statistics(NormShape shape, const float* x, float* mean, float* variance) {
  const Grid grid = grid_of(shape);
  // Sums are taken about the first row: any typical value keeps the variance from cancelling.
  const std::vector<float> centers = spread(x, shape.channels, grid.width);
  const ChannelSums sums = channel_sums(
      shape, grid,
      [&](int lanes, std::int64_t column, std::int64_t from, std::int64_t lines, float* first,
          float* second) {
        statistics_block(lanes, x + from * grid.width + column, centers.data() + column, grid.width,
                         lines, first, second);
      },
      [&](std::int64_t i) {
        const double d = x[i] - x[i % shape.channels];
        return std::pair(d, d * d);
      });
  const auto rows = static_cast<double>(shape.rows);
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    const double shift = sums.first[static_cast<std::size_t>(c)] / rows;
    const double square = sums.second[static_cast<std::size_t>(c)] / rows;
    mean[c] = static_cast<float>(x[c] + shift);
    variance[c] = static_cast<float>(std::max(0.0, square - shift * shift));
  }
}

void norm_apply(NormShape shape, const float* x, const float* factor, const float* offset,
                const float* residual, bool relu, float* y) {
  const Grid grid = grid_of(shape);
  const std::vector<float> factors = spread(factor, shape.channels, grid.width);
  const std::vector<float> offsets = spread(offset, shape.channels, grid.width);
  for_each_part(grid.lines, [&](int, std::int64_t begin, std::int64_t end) {
    apply_range(x, residual, factors.data(), offsets.data(), relu, y, grid.width, begin, end);
  });
  if (grid.rest == 0) return;
  const std::int64_t done = grid.lines * grid.width;  // a whole number of rows
  apply_range(x + done, residual == nullptr ? nullptr : residual + done, factors.data(),
              offsets.data(), relu, y + done, grid.rest, 0, 1);
}

void norm_backward_sums(NormShape shape, const float* x, const NormGradient& gradient,
                        const float* mean, float* g, float* sum_g, float* sum_gx) {
  const Grid grid = grid_of(shape);
  const BackwardPass pass(shape, grid, x, gradient, mean, g);
  const ChannelSums sums = channel_sums(
      shape, grid,
      [&](int lanes, std::int64_t column, std::int64_t from, std::int64_t lines, float* first,
          float* second) {
        backward_sum_block(lanes, pass.line.at(column, from * grid.width), grid.width, lines, first,
                           second);
      },
      [&](std::int64_t i) {
        const std::int64_t c = i % shape.channels;
        float value = 0;
        gradient_line(pass.line.at(c, i - c), 0, 1, &value);
        if (g != nullptr) g[i] = value;
        return std::pair<double, double>(value, double{value} * (double{x[i]} - mean[c]));
      });
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    sum_g[c] = static_cast<float>(sums.first[static_cast<std::size_t>(c)]);
    sum_gx[c] = static_cast<float>(sums.second[static_cast<std::size_t>(c)]);
  }
}

void norm_backward_apply(NormShape shape, const float* x, const NormGradient& gradient,
                         const float* mean, const float* factor, const float* slope,
                         const float* constant, float* dx) {
  const Grid grid = grid_of(shape);
  const BackwardPass pass(shape, grid, x, gradient, mean, dx);
  const auto line = [&](const float* v) { return spread(v, shape.channels, grid.width); };
  const std::vector<float> factors = line(factor), slopes = line(slope), constants = line(constant);
  const auto block = [&](int lanes, std::int64_t column, std::int64_t start, std::int64_t lines) {
    backward_block(lanes, pass.line.at(column, start),
                   {factors.data() + column, slopes.data() + column, constants.data() + column},
                   grid.width, lines);
  };
  for_each_part(grid.lines, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t from = begin; from < end; from += kBlock) {
      for (std::int64_t column = 0; column < grid.width; column += grid.lanes) {
        block(grid.lanes, column, from * grid.width, std::min(end - from, kBlock));
      }
    }
  });
  const std::int64_t done = grid.lines * grid.width;
  for (std::int64_t i = 0; i < grid.rest; ++i) block(1, i, done, 1);
}

}  // namespace pollard
