// The fused update of pollard/sgd.h over plain memory. No LibTorch.
#pragma once

#include <cstdint>

namespace pollard {

struct SgdNumbers {
  float rate, momentum, decay;
  bool nesterov;
};

/// `mask` may be null (nothing masked).
void sgd_update(const SgdNumbers& numbers, std::int64_t count, float* value, float* velocity,
                const float* gradient, const std::uint8_t* mask);

}  // namespace pollard
