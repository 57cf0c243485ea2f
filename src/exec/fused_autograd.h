// Differentiable fused operations of the dense engine (formulas: fused_norm.h).
#pragma once

#include <ATen/ATen.h>

namespace pollard {

/// Whether fused_batch_norm() takes this input: float32, on the CPU, 4-D, channels last.
[[nodiscard]] bool can_fuse_batch_norm(const at::Tensor& x);

/// How the fused batch norm meets its surroundings.
struct FusedNormSettings {
  double momentum = 0.1;  // PyTorch's: running = (1 - momentum) * running + momentum * batch
  double epsilon = 1e-5;
  bool relu = true;
  /// Nobody else holds the gradient of the output, so backward may write over it.
  bool owns_gradient = false;
};

/// The output; and once more, for a second reader (such as the shortcut of the next block): the two
/// gradients that come back are then added within the pass that reads them.
struct FusedNormOutput {
  at::Tensor y, twin;
};

/// Training-mode batch norm of x [N,C,H,W], plus `residual` if it is defined, then ReLU if asked
/// for. Updates the running statistics as PyTorch does (unbiased variance).
[[nodiscard]] FusedNormOutput fused_batch_norm(const at::Tensor& x, const at::Tensor& scale,
                                               const at::Tensor& shift, const at::Tensor& residual,
                                               at::Tensor& running_mean,
                                               at::Tensor& running_variance,
                                               const FusedNormSettings& settings);

/// The same in evaluation mode, from the running statistics; not differentiable.
[[nodiscard]] at::Tensor fused_batch_norm_eval(const at::Tensor& x, const at::Tensor& scale,
                                               const at::Tensor& shift, const at::Tensor& residual,
                                               const at::Tensor& running_mean,
                                               const at::Tensor& running_variance, double epsilon,
                                               bool relu);

}  // namespace pollard
