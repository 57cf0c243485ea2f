// Batch normalisation in training mode, fused with what usually follows it:
//
//   y = act(scale * (x - mean) / sqrt(var + eps) + shift (+ residual))
//
// over channels-last data seen as a matrix of `rows` x `channels`. Forward reads x twice and writes
// y once; backward reads (x, y, dy) twice and writes dx (and d_residual) once, where separate
// kernels for normalisation, addition and ReLU take about twice that traffic. No LibTorch here.
//
// Sums: float within blocks of rows, double across blocks; the split into blocks depends on the
// number of threads only, so results repeat for a fixed number of threads.
#pragma once

#include <cstdint>

namespace pollard {

struct NormShape {
  std::int64_t rows = 0;
  std::int64_t channels = 0;
};

/// Channel counts the kernels take: divisors of 64 and multiples of 8.
[[nodiscard]] bool fused_norm_supports(std::int64_t channels);

/// mean[c] and biased variance[c] of x.
void norm_statistics(NormShape shape, const float* x, float* mean, float* variance);

/// y = x * factor[c] + offset[c] (+ residual), then ReLU (NaN stays NaN) if `relu`. `residual` may
/// be null. y may be x.
void norm_apply(NormShape shape, const float* x, const float* factor, const float* offset,
                const float* residual, bool relu, float* y);

/// With g = dy, or 0 where y <= 0 if `relu`: sum_g[c] = sum g, sum_gx[c] = sum g * (x - mean[c]).
void norm_backward_sums(NormShape shape, const float* x, const float* y, const float* dy,
                        const float* mean, bool relu, float* sum_g, float* sum_gx);

/// dx = factor[c] * g + slope[c] * (x - mean[c]) + constant[c]; d_residual = g where it is not
/// null.
void norm_backward_apply(NormShape shape, const float* x, const float* y, const float* dy,
                         const float* mean, const float* factor, const float* slope,
                         const float* constant, bool relu, float* dx, float* d_residual);

}  // namespace pollard
