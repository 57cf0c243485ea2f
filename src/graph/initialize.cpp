// First values of the parameters, by PyTorch's defaults or by He et al. 2015. With
// fan_in = C/groups * kh * kw (Conv) or K (Gemm):
//
//   Pytorch   weights and biases U(-1/sqrt(fan_in), 1/sqrt(fan_in)); that is what
//             kaiming_uniform with a = sqrt(5) comes to
//   Kaiming   weights N(0, sqrt(2 / fan_in)), biases 0
//
// The values of flat indices 1024 b ... 1024 b + 1023 come from the stream at the address
// (seed ^ hash64(name), Initialization, epoch 0, index b), each from the same number of draws.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/hash.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/random.h"

namespace pollard {
namespace {

constexpr std::size_t kBlock = 1024;

template <typename Draw>
void fill(std::span<float> values, std::uint64_t seed, std::string_view name, Draw draw) {
  const std::uint64_t key = seed ^ hash64(name);
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    RandomStream stream(key, Purpose::Initialization, 0, first / kBlock);
    const std::size_t count = std::min(kBlock, values.size() - first);
    for (float& value : values.subspan(first, count)) value = draw(stream);
  }
}

double fan_in_of(const ParameterInfo& weight) {
  if (weight.shape.size() < 2) {
    throw Error(ErrorCode::Input,
                fmt::format("{}: a weight needs outputs and inputs, its shape is {}", weight.name,
                            to_string(weight.shape)));
  }
  return static_cast<double>(element_count(std::span(weight.shape).subspan(1)));
}

/// A bias takes the fan_in of the weight beside it.
double fan_in_beside(const Graph& graph, const ParameterInfo& bias) {
  for (const Node& node : graph.nodes()) {
    if (node.inputs.size() != 3 || node.inputs[2] != bias.name) continue;
    return fan_in_of(*graph.find_parameter(node.inputs[1]));
  }
  throw Error(ErrorCode::Input,
              fmt::format("{}: no node uses this bias, so its range is unknown", bias.name));
}

void fill_uniform(std::span<float> values, std::uint64_t seed, std::string_view name,
                  double fan_in) {
  const auto bound = static_cast<float>(1 / std::sqrt(fan_in));
  fill(values, seed, name,
       [bound](RandomStream& stream) { return bound * (2 * stream.uniform() - 1); });
}

void fill_normal(std::span<float> values, std::uint64_t seed, std::string_view name,
                 double fan_in) {
  const auto deviation = static_cast<float>(std::sqrt(2 / fan_in));
  fill(values, seed, name,
       [deviation](RandomStream& stream) { return deviation * stream.normal(); });
}

HostTensor initial_value(const Graph& graph, const ParameterInfo& parameter, std::uint64_t seed,
                         Initialization scheme) {
  HostTensor tensor = HostTensor::zeros(DType::F32, parameter.shape);
  const std::span<float> values = tensor.f32();
  const bool uniform = scheme == Initialization::Pytorch;
  switch (parameter.role) {
    case ParameterRole::Weight:
      (uniform ? fill_uniform : fill_normal)(values, seed, parameter.name, fan_in_of(parameter));
      break;
    case ParameterRole::Bias:
      if (uniform) fill_uniform(values, seed, parameter.name, fan_in_beside(graph, parameter));
      break;
    case ParameterRole::Scale:
    case ParameterRole::RunningVariance:
      std::ranges::fill(values, 1.0F);
      break;
    case ParameterRole::Shift:
    case ParameterRole::RunningMean:
      break;
  }
  return tensor;
}

}  // namespace

TensorMap initialize(const Graph& graph, std::uint64_t seed, Initialization scheme) {
  TensorMap state;
  for (const ParameterInfo& parameter : graph.parameters()) {
    state.emplace(parameter.name, initial_value(graph, parameter, seed, scheme));
  }
  return state;
}

}  // namespace pollard
