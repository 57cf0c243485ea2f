// Looking for values that a diverged training or a damaged file leaves behind.
#pragma once

#include <string>

#include "pollard/tensor.h"

namespace pollard {

/// The name of the first F32 tensor with a NaN or an infinity; nullptr where there is none.
[[nodiscard]] const std::string* find_not_finite(const TensorMap& tensors);

}  // namespace pollard
