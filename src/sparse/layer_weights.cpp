#include "sparse/layer_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

void check_tensor(const HostTensor& tensor, std::string_view what, const std::string& name,
                  const Shape& shape, DType type) {
  if (tensor.dtype == type && tensor.shape == shape) return;
  throw Error(ErrorCode::Input, fmt::format("{} '{}' is {} {}, the network needs {} {}", what, name,
                                            dtype_name(tensor.dtype), to_string(tensor.shape),
                                            dtype_name(type), to_string(shape)));
}

void check_state(const Graph& graph, const TensorMap& state) {
  for (const ParameterInfo& parameter : graph.parameters()) {
    const auto found = state.find(parameter.name);
    if (found == state.end()) {
      throw Error(ErrorCode::Input, fmt::format("the state has no tensor '{}', which {} needs",
                                                parameter.name, graph.name()));
    }
    check_tensor(found->second, "tensor", parameter.name, parameter.shape, DType::F32);
  }
}

void check_masks(const Graph& graph, const TensorMap& masks) {
  for (const auto& [name, mask] : masks) {
    const ParameterInfo* parameter = graph.find_parameter(name);
    if (parameter == nullptr || parameter->role != ParameterRole::Weight) {
      throw Error(ErrorCode::Input, fmt::format("there is a mask '{}', but {} has no such weight",
                                                name, graph.name()));
    }
    check_tensor(mask, "mask", name, parameter->shape, DType::U8);
  }
}

std::vector<std::uint8_t> kept_of(const std::string& weight, const TensorMap& state,
                                  const TensorMap* masks) {
  if (masks != nullptr) {
    if (const auto mask = masks->find(weight); mask != masks->end()) {
      const std::span<const std::uint8_t> bytes = mask->second.u8();
      return {bytes.begin(), bytes.end()};
    }
  }
  std::vector<std::uint8_t> kept;
  for (const float value : state.at(weight).f32()) kept.push_back(value != 0 ? 1 : 0);
  return kept;
}

void set_norm(const ActivateStep& step, const TensorMap& state, LayerWeights& weights) {
  if (step.norm.empty()) return;
  const auto values = [&](std::size_t i) { return state.at(step.norm[i]).f32(); };
  const std::span<const float> scale = values(0), shift = values(1), mean = values(2),
                               variance = values(3);
  weights.scale.resize(scale.size());
  weights.shift.resize(scale.size());
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double factor = scale[c] / std::sqrt(double{variance[c]} + step.epsilon);
    weights.scale[c] = static_cast<float>(factor);
    weights.shift[c] = static_cast<float>(shift[c] - mean[c] * factor);
  }
}

FoldedNetwork folded(const Graph& graph, const TensorMap& state) {
  check_state(graph, state);
  return fold_batch_norm(graph, state);
}

}  // namespace

WeightedSteps::WeightedSteps(const Graph& graph, const TensorMap& state, const TensorMap* masks)
    : graph_(graph), folded_(folded(graph, state)), steps_(fuse(folded_.graph)) {
  if (masks != nullptr) check_masks(graph, *masks);
  weights_.resize(steps_.steps.size());
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const auto* sum = std::get_if<SumStep>(&steps_.steps[i].work);
    if (sum == nullptr) continue;
    std::vector<std::uint8_t>& kept = weights_[i].kept;
    kept = kept_of(sum->weight, state, masks);
    const auto count = std::count_if(kept.begin(), kept.end(), [](auto k) { return k != 0; });
    weights_[i].density = static_cast<double>(count) / static_cast<double>(kept.size());
  }
  set_values();
}

void WeightedSteps::update(const TensorMap& state) {
  folded_ = folded(graph_, state);
  set_values();
}

void WeightedSteps::set_values() {
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    LayerWeights& layer = weights_[i];
    if (const auto* norm = std::get_if<ActivateStep>(&steps_.steps[i].work))
      set_norm(*norm, folded_.state, layer);
    const auto* sum = std::get_if<SumStep>(&steps_.steps[i].work);
    if (sum == nullptr) continue;
    const std::span<float> values = folded_.state.at(sum->weight).f32();
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (layer.kept[k] == 0) values[k] = 0;
    }
    layer.weight = values;
    if (!sum->bias.empty()) layer.bias = folded_.state.at(sum->bias).f32();
  }
}

}  // namespace pollard::sparse
