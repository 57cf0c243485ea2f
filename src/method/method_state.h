// What a method puts into a checkpoint (Method::save) and takes back.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "pollard/tensor.h"

namespace pollard {

/// Copies `state`'s tensor of that name into `tensor`. Throws Error{Input} naming it if it is
/// missing or has another shape.
void restore_tensor(at::Tensor& tensor, const TensorMap& state, const std::string& key);

/// A number as a tensor, and back. Throws Error{Input} if it is missing.
[[nodiscard]] HostTensor count_tensor(std::int64_t count);
[[nodiscard]] HostTensor real_tensor(double value);
[[nodiscard]] std::int64_t read_count(const TensorMap& state, const std::string& key);
[[nodiscard]] double read_real(const TensorMap& state, const std::string& key);

}  // namespace pollard
