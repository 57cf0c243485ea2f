#include "core/finite.h"

#include <algorithm>
#include <cmath>

namespace pollard {

const std::string* find_not_finite(const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype != DType::F32) continue;
    if (!std::ranges::all_of(tensor.f32(), [](float x) { return std::isfinite(x); })) return &name;
  }
  return nullptr;
}

}  // namespace pollard
