// Differentiable fused operations of the dense engine (formulas: fused_norm.h).
#pragma once

#include <ATen/ATen.h>

namespace pollard {

/// Whether fused_batch_norm() takes this input: float32, on the CPU, 4-D, channels last.
[[nodiscard]] bool can_fuse_batch_norm(const at::Tensor& x);

/// Training-mode batch norm of x [N,C,H,W], plus `residual` if it is defined, then ReLU if `relu`.
/// Updates the running statistics as PyTorch does (unbiased variance);
/// `momentum` is PyTorch's: running = (1 - momentum) * running + momentum * batch.
[[nodiscard]] at::Tensor fused_batch_norm(const at::Tensor& x, const at::Tensor& scale,
                                          const at::Tensor& shift, const at::Tensor& residual,
                                          at::Tensor& running_mean, at::Tensor& running_variance,
                                          double momentum, double epsilon, bool relu);

/// The same in evaluation mode, from the running statistics; not differentiable.
[[nodiscard]] at::Tensor fused_batch_norm_eval(const at::Tensor& x, const at::Tensor& scale,
                                               const at::Tensor& shift, const at::Tensor& residual,
                                               const at::Tensor& running_mean,
                                               const at::Tensor& running_variance, double epsilon,
                                               bool relu);

}  // namespace pollard
