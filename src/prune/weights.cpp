#include "prune/weights.h"

#include <fmt/format.h>

#include <cmath>

#include "pollard/error.h"

namespace pollard {
namespace {

void check(const HostTensor& tensor, std::string_view name, const Shape& shape) {
  if (tensor.shape == shape && tensor.dtype == DType::F32) return;
  throw Error(ErrorCode::Input,
              fmt::format("tensor '{}' is {} {}; expected F32 {}", name, dtype_name(tensor.dtype),
                          to_string(tensor.shape), to_string(shape)),
              "use the weights of the same model");
}

template <typename Map>
auto& find(Map& state, std::string_view name) {
  const auto found = state.find(std::string(name));
  if (found == state.end()) {
    throw Error(ErrorCode::Input, fmt::format("the state has no tensor '{}'", name),
                "use the weights of the same model");
  }
  return found->second;
}

}  // namespace

std::span<const float> weights_of(const TensorMap& state, std::string_view name,
                                  const Shape& shape) {
  const HostTensor& tensor = find(state, name);
  check(tensor, name, shape);
  return tensor.f32();
}

std::span<float> weights_of(TensorMap& state, std::string_view name, const Shape& shape) {
  HostTensor& tensor = find(state, name);
  check(tensor, name, shape);
  return tensor.f32();
}

void check_finite(const MaskSet& masks, const TensorMap& state) {
  for (const Mask& mask : masks.masks()) {
    for (const float weight : weights_of(state, mask.name, mask.shape)) {
      if (std::isfinite(weight)) continue;
      throw Error(ErrorCode::Input,
                  fmt::format("the weight tensor '{}' holds {}; expected finite weights", mask.name,
                              weight),
                  "look for a diverged training or a damaged file");
    }
  }
}

}  // namespace pollard
