// Between tensors at rest (HostTensor) and LibTorch's.
#pragma once

#include <ATen/ATen.h>

#include "pollard/tensor.h"

namespace pollard {

/// A contiguous copy on the CPU, in logical (row-major) order whatever the strides.
[[nodiscard]] HostTensor to_host(const at::Tensor& tensor);

/// A copy as a LibTorch tensor on the CPU.
[[nodiscard]] at::Tensor to_torch(const HostTensor& tensor);

/// Copies the values into `target`, whose strides, type and device stay.
void copy_into(at::Tensor& target, const HostTensor& source);

}  // namespace pollard
