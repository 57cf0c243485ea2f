// What the tests of CS, STR and DST share beyond method_rules.h: latent parameters put in place,
// and trainings of ten steps that stand still.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "method/latent_method.h"
#include "method/method_rules.h"

namespace pollard::test {

/// Left to itself; and aiming at half the weights.
constexpr LatentMethodSettings kFree{.target = 0}, kHalf{.target = 0.5};
constexpr std::int64_t kTenSteps = 10;

inline std::unique_ptr<Engine> engine_of(std::initializer_list<float> weight) {
  return hand_engine(weight, {0, 0});
}
inline std::unique_ptr<Engine> some_engine() {
  return engine_of({0.8F, -0.7F, 0.6F, -0.5F, 0.4F, -0.3F, 0.2F, -0.1F});
}

inline MethodContext context_of(Engine& engine, double sparsity = 0.9) {
  return {engine, 1, kTenSteps, 1, sparsity, {}};
}

inline void put_latent(Method& method, const std::vector<float>& values) {
  const at::NoGradGuard no_grad;
  at::Tensor value = method.parameters()[0].value;
  copy_into(value, HostTensor::from_floats(value.sizes().vec(), values));
}
inline std::vector<float> latent(Method& method) { return values_of(method.parameters()[0].value); }

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace pollard::test
