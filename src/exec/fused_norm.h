// Batch normalisation in training mode, fused with what usually follows it:
//
//   y = act(scale * (x - mean) / sqrt(var + eps) + shift (+ residual))
//
// over channels-last data seen as a matrix of `rows` x `channels`. What counts is memory traffic,
// so nothing is read or written that can be had otherwise: backward tells where ReLU was at rest
// from x where there is no residual, takes the two gradients of an output that is read twice
// without their sum being made first, and may write over the gradient it was given. No LibTorch
// here.
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

/// What arrives at the output in the backward pass: g = dy (+ dy2), or 0 where ReLU was at rest.
struct NormGradient {
  const float* dy = nullptr;
  const float* dy2 = nullptr;     // may be null
  const float* y = nullptr;       // ReLU was at rest where y <= 0; null: no ReLU, or
  const float* factor = nullptr;  // where x * factor[c] + offset[c] <= 0 (null: no ReLU)
  const float* offset = nullptr;
};

/// sum_g[c] = sum g, sum_gx[c] = sum g * (x - mean[c]). `g` gets g where it is not null; it may be
/// dy.
void norm_backward_sums(NormShape shape, const float* x, const NormGradient& gradient,
                        const float* mean, float* g, float* sum_g, float* sum_gx);

/// dx = factor[c] * g + slope[c] * (x - mean[c]) + constant[c]; dx may be dy.
void norm_backward_apply(NormShape shape, const float* x, const NormGradient& gradient,
                         const float* mean, const float* factor, const float* slope,
                         const float* constant, float* dx);

}  // namespace pollard
