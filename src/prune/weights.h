// A named F32 tensor of a state, checked; errors name the tensor.
#pragma once

#include <span>
#include <string_view>

#include "pollard/masks.h"
#include "pollard/tensor.h"

namespace pollard {

/// Throws Error{Input} where `state` has no tensor `name` of type F32 and this shape.
[[nodiscard]] std::span<const float> weights_of(const TensorMap& state, std::string_view name,
                                                const Shape& shape);
[[nodiscard]] std::span<float> weights_of(TensorMap& state, std::string_view name,
                                          const Shape& shape);

/// Throws Error{Input} naming the first tensor among those that `masks` is for that holds a value
/// which is not finite.
void check_finite(const MaskSet& masks, const TensorMap& state);

}  // namespace pollard
