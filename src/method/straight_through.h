// A masked weight with a straight-through gradient: forward m * w; backward, the gradient at the
// masked weight goes to every entry of w as it is, to those that are masked too.
#pragma once

#include <ATen/core/Tensor.h>

namespace pollard {

/// weight * mask, of the weight's sizes and strides. `mask`: floats 0 and 1. Backward costs
/// nothing.
[[nodiscard]] at::Tensor straight_through(const at::Tensor& weight, const at::Tensor& mask);

}  // namespace pollard
