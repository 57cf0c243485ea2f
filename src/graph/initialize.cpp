// First values of the parameters. With fan_in = C/groups * kh * kw (Conv) or K (Gemm), and
// fan_out = O * kh * kw, groups or not, as PyTorch counts it:
//
//   Pytorch        weights and biases U(-1/sqrt(fan_in), 1/sqrt(fan_in)); that is what
//                  kaiming_uniform with a = sqrt(5) comes to
//   Kaiming        weights N(0, sqrt(2 / fan_in)), biases 0
//   KaimingFanOut  convolutions N(0, sqrt(2 / fan_out)), their biases 0; dense layers as Pytorch
//   Xavier         convolutions U(-b, b), b = sqrt(2) sqrt(6 / (fan_in + fan_out)), their biases 0;
//                  dense layers as Pytorch
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

constexpr std::pair<Initialization, std::string_view> kNames[] = {
    {Initialization::Pytorch, "pytorch"},
    {Initialization::Kaiming, "kaiming"},
    {Initialization::KaimingFanOut, "kaiming-fan-out"},
    {Initialization::Xavier, "xavier"}};

template <typename Draw>
void fill(std::span<float> values, std::uint64_t seed, std::string_view name, Draw draw) {
  const std::uint64_t key = seed ^ hash64(name);
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    RandomStream stream(key, Purpose::Initialization, 0, first / kBlock);
    const std::size_t count = std::min(kBlock, values.size() - first);
    for (float& value : values.subspan(first, count)) value = draw(stream);
  }
}

struct Fans {
  double in, out;
};

Fans fans_of(const ParameterInfo& weight) {
  if (weight.shape.size() < 2) {
    throw Error(ErrorCode::Input,
                fmt::format("{}: a weight needs outputs and inputs, its shape is {}", weight.name,
                            to_string(weight.shape)));
  }
  const auto in = static_cast<double>(element_count(std::span(weight.shape).subspan(1)));
  return {in, in / static_cast<double>(weight.shape[1]) * static_cast<double>(weight.shape[0])};
}

/// The weight that a bias stands beside.
const ParameterInfo& weight_beside(const Graph& graph, const ParameterInfo& bias) {
  for (const Node& node : graph.nodes()) {
    if (node.inputs.size() == 3 && node.inputs[2] == bias.name)
      return *graph.find_parameter(node.inputs[1]);
  }
  throw Error(ErrorCode::Input,
              fmt::format("{}: no node uses this bias, so its range is unknown", bias.name));
}

void fill_uniform(std::span<float> values, std::uint64_t seed, std::string_view name,
                  double bound) {
  const auto largest = static_cast<float>(bound);
  fill(values, seed, name,
       [largest](RandomStream& stream) { return largest * (2 * stream.uniform() - 1); });
}

void fill_normal(std::span<float> values, std::uint64_t seed, std::string_view name,
                 double deviation) {
  const auto scale = static_cast<float>(deviation);
  fill(values, seed, name, [scale](RandomStream& stream) { return scale * stream.normal(); });
}

/// What the scheme does to this layer's weight; those for convolutions only fall back.
Initialization scheme_of(const ParameterInfo& weight, Initialization scheme) {
  const bool of_all = scheme == Initialization::Pytorch || scheme == Initialization::Kaiming;
  return of_all || weight.shape.size() > 2 ? scheme : Initialization::Pytorch;
}

void fill_weight(std::span<float> values, std::uint64_t seed, const ParameterInfo& weight,
                 Initialization scheme) {
  const Fans fans = fans_of(weight);
  switch (scheme_of(weight, scheme)) {
    case Initialization::Pytorch:
      return fill_uniform(values, seed, weight.name, 1 / std::sqrt(fans.in));
    case Initialization::Kaiming:
      return fill_normal(values, seed, weight.name, std::sqrt(2 / fans.in));
    case Initialization::KaimingFanOut:
      return fill_normal(values, seed, weight.name, std::sqrt(2 / fans.out));
    case Initialization::Xavier:
      return fill_uniform(values, seed, weight.name, std::sqrt(12 / (fans.in + fans.out)));
  }
}

void fill_bias(std::span<float> values, std::uint64_t seed, const Graph& graph,
               const ParameterInfo& bias, Initialization scheme) {
  if (scheme == Initialization::Kaiming) return;
  const ParameterInfo& weight = weight_beside(graph, bias);
  if (scheme_of(weight, scheme) != Initialization::Pytorch) return;
  fill_uniform(values, seed, bias.name, 1 / std::sqrt(fans_of(weight).in));
}

HostTensor initial_value(const Graph& graph, const ParameterInfo& parameter, std::uint64_t seed,
                         Initialization scheme) {
  HostTensor tensor = HostTensor::zeros(DType::F32, parameter.shape);
  const std::span<float> values = tensor.f32();
  switch (parameter.role) {
    case ParameterRole::Weight:
      fill_weight(values, seed, parameter, scheme);
      break;
    case ParameterRole::Bias:
      fill_bias(values, seed, graph, parameter, scheme);
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

Initialization initialization_of(std::string_view name) {
  for (const auto& [scheme, own] : kNames) {
    if (own == name) return scheme;
  }
  throw Error(ErrorCode::Config, fmt::format("unknown initialization '{}'", name),
              fmt::format("there are {}", fmt::join(initialization_names(), ", ")));
}

std::vector<std::string> initialization_names() {
  std::vector<std::string> names;
  for (const auto& [_, name] : kNames) names.emplace_back(name);
  return names;
}

TensorMap initialize(const Graph& graph, std::uint64_t seed, Initialization scheme) {
  TensorMap state;
  for (const ParameterInfo& parameter : graph.parameters()) {
    state.emplace(parameter.name, initial_value(graph, parameter, seed, scheme));
  }
  return state;
}

}  // namespace pollard
