// Sparsity and theoretical speedup. With m_l the multiply-adds of layer l for one image and d_l the
// density of its weight (kept over all):
//
//   theoretical speedup = sum of m_l / sum of m_l d_l
#include "pollard/accounting.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "pollard/error.h"
#include "prune/weights.h"

namespace pollard {
namespace {

/// By the weight's name; a weight that two nodes share counts for both.
std::unordered_map<std::string, std::int64_t> multiply_adds_by_weight(const Graph& graph) {
  std::unordered_map<std::string, std::int64_t> result;
  for (const Node& node : graph.nodes()) {
    if (const std::int64_t work = multiply_adds(graph, node); work > 0) {
      result[node.inputs.at(1)] += work;
    }
  }
  return result;
}

double speedup(const Graph& graph, const std::vector<LayerSparsity>& layers) {
  const std::int64_t dense = multiply_adds(graph);
  if (dense == 0) return 1;
  std::int64_t unmasked = dense;  // of nodes whose weight is not prunable
  double work = 0;
  for (const LayerSparsity& layer : layers) {
    if (layer.of == 0) continue;
    unmasked -= layer.multiply_adds;
    work += static_cast<double>(layer.multiply_adds) * static_cast<double>(layer.kept) /
            static_cast<double>(layer.of);
  }
  work += static_cast<double>(unmasked);
  return work == 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(dense) / work;
}

double fraction(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// `kept` says how many entries of a prunable parameter are left.
template <typename Kept>
Sparsity measure(const Graph& graph, Kept kept) {
  const auto work = multiply_adds_by_weight(graph);
  Sparsity result;
  for (const ParameterInfo& parameter : graph.prunable_parameters()) {
    const auto found = work.find(parameter.name);
    const LayerSparsity layer{parameter.name, parameter.shape, kept(parameter),
                              element_count(parameter.shape),
                              found == work.end() ? 0 : found->second};
    result.kept += layer.kept;
    result.of += layer.of;
    result.layers.push_back(layer);
  }
  result.prunable = fraction(result.of - result.kept, result.of);
  result.model = fraction(result.of - result.kept, graph.parameter_count());
  result.theoretical_speedup = speedup(graph, result.layers);
  return result;
}

std::int64_t kept_by_mask(const MaskSet& masks, const ParameterInfo& parameter) {
  const Mask* mask = masks.find(parameter.name);
  if (mask == nullptr || mask->size() != element_count(parameter.shape)) {
    throw Error(ErrorCode::Input,
                fmt::format("there is no mask of shape {} for '{}'", to_string(parameter.shape),
                            parameter.name),
                "use the masks of the same model");
  }
  return mask->kept();
}

std::int64_t zeros_in(const TensorMap& state, const ParameterInfo& parameter) {
  return std::ranges::count(weights_of(state, parameter.name, parameter.shape), 0.0f);
}

}  // namespace

Sparsity measure_sparsity(const Graph& graph, const MaskSet& masks) {
  return measure(graph,
                 [&](const ParameterInfo& parameter) { return kept_by_mask(masks, parameter); });
}

Sparsity measure_sparsity(const Graph& graph, const TensorMap& state) {
  Sparsity result = measure(graph, [&](const ParameterInfo& parameter) {
    return element_count(parameter.shape) - zeros_in(state, parameter);
  });
  std::int64_t zeros = result.of - result.kept;
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (parameter.trainable() && !parameter.prunable()) zeros += zeros_in(state, parameter);
  }
  result.model = fraction(zeros, graph.parameter_count());
  return result;
}

}  // namespace pollard
