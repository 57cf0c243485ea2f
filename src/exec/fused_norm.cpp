#include "exec/fused_norm.h"

#include <omp.h>

#include <algorithm>
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
  std::int64_t lines, width, columns, rest;
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
  return {total / width, width, width / lanes, total % width, lanes};
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

struct SumArgs {
  const float *x, *y, *dy;  // y and dy only for the backward sums; y null: no ReLU
  const float* center;      // `width` values
  std::int64_t width;
};

// first[l] += x - center, second[l] += (x - center)^2
template <int L>
POLLARD_INLINE void statistics_lines(const SumArgs& a, std::int64_t begin, std::int64_t end,
                                     float* first, float* second) {
  float s[L] = {}, q[L] = {}, center[L];
  std::copy_n(a.center, L, center);
  for (std::int64_t i = begin; i < end; ++i) {
    const float* x = a.x + i * a.width;
    for (int l = 0; l < L; ++l) {
      const float d = x[l] - center[l];
      s[l] += d;
      q[l] += d * d;
    }
  }
  std::copy_n(s, L, first);
  std::copy_n(q, L, second);
}

// first[l] += g, second[l] += g * (x - center)
template <int L, bool relu>
POLLARD_INLINE void backward_sum_lines(const SumArgs& a, std::int64_t begin, std::int64_t end,
                                       float* first, float* second) {
  float s[L] = {}, q[L] = {}, center[L];
  std::copy_n(a.center, L, center);
  for (std::int64_t i = begin; i < end; ++i) {
    const float* x = a.x + i * a.width;
    const float* y = a.y + i * a.width;
    const float* dy = a.dy + i * a.width;
    for (int l = 0; l < L; ++l) {
      const float g = relu ? (y[l] <= 0 ? 0.0F : dy[l]) : dy[l];
      s[l] += g;
      q[l] += g * (x[l] - center[l]);
    }
  }
  std::copy_n(s, L, first);
  std::copy_n(q, L, second);
}

enum class Sums { Statistics, Backward, BackwardRelu };

template <int L>
POLLARD_INLINE void sum_lines(Sums kind, const SumArgs& a, std::int64_t begin, std::int64_t end,
                              float* first, float* second) {
  if (kind == Sums::Statistics) return statistics_lines<L>(a, begin, end, first, second);
  if (kind == Sums::Backward) return backward_sum_lines<L, false>(a, begin, end, first, second);
  backward_sum_lines<L, true>(a, begin, end, first, second);
}

POLLARD_CLONES void sum_block(Sums kind, int lanes, const SumArgs& a, std::int64_t begin,
                              std::int64_t end, float* first, float* second) {
  if (lanes == 64) return sum_lines<64>(kind, a, begin, end, first, second);
  if (lanes == 32) return sum_lines<32>(kind, a, begin, end, first, second);
  if (lanes == 16) return sum_lines<16>(kind, a, begin, end, first, second);
  sum_lines<8>(kind, a, begin, end, first, second);
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

struct BackwardArgs {
  const float *x, *y, *dy, *mean, *factor, *slope, *constant;
  float *dx, *dr;
  std::int64_t width;
};

template <bool residual, bool relu>
POLLARD_INLINE void backward_lines(const BackwardArgs& a, std::int64_t begin, std::int64_t end) {
  const float *mean = a.mean, *factor = a.factor, *slope = a.slope, *constant = a.constant;
  for (std::int64_t i = begin; i < end; ++i) {
    const float* x = a.x + i * a.width;
    const float* y = a.y + i * a.width;
    const float* dy = a.dy + i * a.width;
    float* __restrict dx = a.dx + i * a.width;
    float* __restrict dr = residual ? a.dr + i * a.width : nullptr;
    for (std::int64_t l = 0; l < a.width; ++l) {
      const float g = relu ? (y[l] <= 0 ? 0.0F : dy[l]) : dy[l];
      dx[l] = factor[l] * g + slope[l] * (x[l] - mean[l]) + constant[l];
      if (residual) dr[l] = g;
    }
  }
}

POLLARD_CLONES void backward_range(const BackwardArgs& a, bool relu, std::int64_t begin,
                                   std::int64_t end) {
  if (a.dr != nullptr && relu) return backward_lines<true, true>(a, begin, end);
  if (a.dr != nullptr) return backward_lines<true, false>(a, begin, end);
  if (relu) return backward_lines<false, true>(a, begin, end);
  backward_lines<false, false>(a, begin, end);
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
};

ChannelSums channel_sums(Sums kind, NormShape shape, SumArgs args, const float* center) {
  const Grid grid = grid_of(shape);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::vector<float> centers = spread(center, shape.channels, grid.width);
  args.width = grid.width;
  std::vector<ChannelSums> parts(static_cast<std::size_t>(omp_get_max_threads()));
  for_each_part(grid.lines, [&](int part, std::int64_t begin, std::int64_t end) {
    ChannelSums sums{std::vector<double>(channels), std::vector<double>(channels)};
    float first[64], second[64];
    for (std::int64_t from = begin; from < end; from += kBlock) {
      const std::int64_t to = std::min(end, from + kBlock);
      for (std::int64_t column = 0; column < grid.columns; ++column) {
        const std::int64_t at = column * grid.lanes;
        SumArgs shifted = args;
        shifted.x += at;
        shifted.center = centers.data() + at;
        if (args.dy != nullptr) {
          shifted.y += at;
          shifted.dy += at;
        }
        sum_block(kind, grid.lanes, shifted, from, to, first, second);
        for (int l = 0; l < grid.lanes; ++l) {
          const auto channel = static_cast<std::size_t>((at + l) % shape.channels);
          sums.first[channel] += first[l];
          sums.second[channel] += second[l];
        }
      }
    }
    parts[static_cast<std::size_t>(part)] = std::move(sums);
  });

  ChannelSums total{std::vector<double>(channels), std::vector<double>(channels)};
  for (const ChannelSums& part : parts) {  // in order of parts: the same sum every time
    for (std::size_t c = 0; c < part.first.size(); ++c) {
      total.first[c] += part.first[c];
      total.second[c] += part.second[c];
    }
  }
  for (std::int64_t i = grid.lines * grid.width; i < shape.rows * shape.channels; ++i) {
    const auto c = static_cast<std::size_t>(i % shape.channels);
    const double d = args.x[i] - center[c];
    const double g = args.dy == nullptr                             ? d
                     : kind == Sums::BackwardRelu && args.y[i] <= 0 ? 0.0
                                                                    : args.dy[i];
    total.first[c] += g;
    total.second[c] += g * d;
  }
  return total;
}

}  // namespace

bool fused_norm_supports(std::int64_t channels) { return channels > 0 && lanes_for(channels) != 0; }

void norm_statistics(NormShape shape, const float* x, float* mean, float* variance) {
  // Sums are taken about the first row: any typical value keeps the variance from cancelling.
  const ChannelSums sums =
      channel_sums(Sums::Statistics, shape, {x, nullptr, nullptr, nullptr, 0}, x);
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

void norm_backward_sums(NormShape shape, const float* x, const float* y, const float* dy,
                        const float* mean, bool relu, float* sum_g, float* sum_gx) {
  const Sums kind = relu ? Sums::BackwardRelu : Sums::Backward;
  const ChannelSums sums = channel_sums(kind, shape, {x, relu ? y : x, dy, nullptr, 0}, mean);
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    sum_g[c] = static_cast<float>(sums.first[static_cast<std::size_t>(c)]);
    sum_gx[c] = static_cast<float>(sums.second[static_cast<std::size_t>(c)]);
  }
}

void norm_backward_apply(NormShape shape, const float* x, const float* y, const float* dy,
                         const float* mean, const float* factor, const float* slope,
                         const float* constant, bool relu, float* dx, float* d_residual) {
  const Grid grid = grid_of(shape);
  const auto line = [&](const float* v) { return spread(v, shape.channels, grid.width); };
  const std::vector<float> means = line(mean), factors = line(factor), slopes = line(slope),
                           constants = line(constant);
  BackwardArgs args{
      x,  relu ? y : x, dy,        means.data(), factors.data(), slopes.data(), constants.data(),
      dx, d_residual,   grid.width};
  for_each_part(grid.lines, [&](int, std::int64_t begin, std::int64_t end) {
    backward_range(args, relu, begin, end);
  });
  if (grid.rest == 0) return;
  const std::int64_t done = grid.lines * grid.width;
  args.x += done;
  args.y += done;
  args.dy += done;
  args.dx += done;
  if (args.dr != nullptr) args.dr += done;
  args.width = grid.rest;
  backward_range(args, relu, 0, 1);
}

}  // namespace pollard
