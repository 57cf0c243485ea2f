// Any floating-point tensor as F32: exact from F16 and BF16, rounded to nearest from F64.
#pragma once

#include <cstdint>

#include "pollard/tensor.h"

namespace pollard {

/// Gives `tensor` back if it is F32 already. Throws Error{Input} if it does not hold floats.
[[nodiscard]] HostTensor to_f32(HostTensor tensor);

[[nodiscard]] float half_to_float(std::uint16_t bits);
[[nodiscard]] float bfloat_to_float(std::uint16_t bits);

}  // namespace pollard
