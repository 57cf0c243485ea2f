// A direct goal for methods whose sparsity otherwise follows from their hyperparameters.
//
// Such a method keeps a weight where its margin z is positive, and can shift all margins at once:
// kept where z > d. While it trains, a controller moves d so that the sparsity follows
//
//   s*(t) = S (1 - (1 - t / r)^3) up to t = r = 0.7 T, S from there on        (GMP's curve)
//
// and after the last step a landing takes exactly the K = N - round(S N) largest margins.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/parameters.h"
#include "pollard/masks.h"
#include "pollard/tensor.h"

namespace pollard {

/// Declares method.target_sparsity, for the methods that have this goal.
void declare_sparsity_target(ParameterTable& table);
/// What training aims at: prune.sparsity, or method.target_sparsity where it counts and is not 1;
/// 0 leaves the method to its own hyperparameters.
[[nodiscard]] double sparsity_goal(const Config& config);

/// s*(step) of `steps`; exactly `goal` from 0.7 * steps on.
[[nodiscard]] double sparsity_path(double goal, std::int64_t step, std::int64_t steps);
/// Steps between two moves of the controller: 16, or a hundredth of a short training.
[[nodiscard]] std::int64_t control_interval(std::int64_t steps);
/// The part of the way to s*(t) that one move goes.
constexpr double kControlGain = 0.5;

/// The shift that prunes `pruned` (1 or more) entries: the largest of so many smallest margins over
/// all tensors (float, dense, one device). Throws Error{Numeric} where one is not a number.
[[nodiscard]] double shift_that_prunes(std::span<const at::Tensor> margins, std::int64_t pruned);

struct Landing {
  MaskSet masks;     // exactly as many kept as asked for
  double shift = 0;  // 0 where the sign of the margins says the same; else between kept and pruned
};

/// Keeps the `kept` largest margins (1 or more; F32, one tensor for each of `masks`); equal ones:
/// the earlier tensor, then the smaller flat index. Throws Error{Numeric} as above.
[[nodiscard]] Landing land(MaskSet masks, std::span<const HostTensor> margins, std::int64_t kept);

}  // namespace pollard
