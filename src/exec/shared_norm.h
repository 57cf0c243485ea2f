// Batch norm in training mode, over a batch that several processes share: each has some of its
// rows.
#pragma once

#include <ATen/ATen.h>

#include "pollard/engine.h"

namespace pollard {

struct SharedNormSettings {
  double momentum = 0.1;  // PyTorch's: running = (1 - momentum) * running + momentum * batch
  double epsilon = 1e-5;
};

/// Of x [N,C,...], on any device and in any layout; N is this process's share and not 0. Updates
/// the running statistics as PyTorch does (unbiased variance), alike everywhere. All processes
/// call it, and go through its backward, in the same order; `sum` must outlive the backward pass.
[[nodiscard]] at::Tensor shared_batch_norm(const at::Tensor& x, const at::Tensor& scale,
                                           const at::Tensor& shift, at::Tensor& running_mean,
                                           at::Tensor& running_variance,
                                           const SharedNormSettings& settings,
                                           const BatchSums& sum);

}  // namespace pollard
