#include "graph/fold_batch_norm.h"

#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace pollard {
namespace {

using Uses = std::map<std::string, int, std::less<>>;

Uses count_uses(const Graph& graph) {
  Uses uses{{graph.output(), 1}};
  for (const Node& node : graph.nodes()) {
    for (const std::string& input : node.inputs) ++uses[input];
  }
  return uses;
}

bool is_layer(const Node& node) {
  return std::holds_alternative<Conv>(node.op) || std::holds_alternative<Gemm>(node.op);
}

class Folder {
 public:
  Folder(const Graph& graph, const TensorMap& state)
      : graph_(graph),
        state_(state),
        uses_(count_uses(graph)),
        folded_(graph.name(), graph.input_shape()) {
    for (const Node& node : graph.nodes()) makers_.emplace(node.output, &node);
    for (const Node& node : graph.nodes()) {
      if (const Node* layer = layer_before(node); layer != nullptr)
        norms_.emplace(layer->name, &node);
    }
  }

  FoldedNetwork fold() {
    for (const Node& node : graph_.nodes()) {
      if (const auto norm = norms_.find(node.name); norm != norms_.end()) {
        add_folded(node, *norm->second);
      } else if (const Node* layer = layer_before(node); layer != nullptr) {
        renamed_.emplace(node.output, layer->output);
      } else {
        copy(node);
      }
    }
    folded_.set_output(current_name(graph_.output()));
    return {std::move(folded_), std::move(folded_state_)};
  }

 private:
  /// The layer that takes up this batch norm, or null.
  [[nodiscard]] const Node* layer_before(const Node& node) const {
    if (!std::holds_alternative<BatchNormalization>(node.op)) return nullptr;
    const auto maker = makers_.find(node.inputs[0]);
    if (maker == makers_.end() || !is_layer(*maker->second)) return nullptr;
    const Node& layer = *maker->second;
    if (uses_.at(layer.output) != 1) return nullptr;
    // Another layer of the same parameters would not have this batch norm.
    for (std::size_t i = 1; i < layer.inputs.size(); ++i) {
      if (uses_.at(layer.inputs[i]) != 1) return nullptr;
    }
    return &layer;
  }

  [[nodiscard]] std::string current_name(const std::string& value) const {
    const auto found = renamed_.find(value);
    return found == renamed_.end() ? value : found->second;
  }

  [[nodiscard]] std::string free_name(std::string name) const {
    while (makers_.contains(name) || graph_.find_parameter(name) != nullptr) name += "_";
    return name;
  }

  void add_parameter(const ParameterInfo& parameter, HostTensor values) {
    if (folded_.find_parameter(parameter.name) != nullptr) return;
    folded_.add_parameter(parameter);
    folded_state_.emplace(parameter.name, std::move(values));
  }

  void copy(const Node& node) {
    std::vector<std::string> inputs;
    for (const std::string& input : node.inputs) {
      if (const ParameterInfo* parameter = graph_.find_parameter(input)) {
        add_parameter(*parameter, state_.at(input));
      }
      inputs.push_back(current_name(input));
    }
    folded_.add_node(node.name, node.op, std::move(inputs));
  }

  void add_folded(const Node& layer, const Node& norm) {
    const auto values = [&](std::size_t i) { return state_.at(norm.inputs[i]).f32(); };
    const std::span<const float> scale = values(1), shift = values(2), mean = values(3),
                                 variance = values(4);
    const double epsilon = std::get<BatchNormalization>(norm.op).epsilon;
    HostTensor weight = state_.at(layer.inputs[1]);
    const bool has_bias = layer.inputs.size() > 2;
    HostTensor bias =
        has_bias ? state_.at(layer.inputs[2]) : HostTensor::zeros(DType::F32, {weight.shape[0]});
    const std::size_t outputs = bias.f32().size(), row = weight.f32().size() / outputs;
    for (std::size_t o = 0; o < outputs; ++o) {
      const double factor = double{scale[o]} / std::sqrt(double{variance[o]} + epsilon);
      for (float& w : weight.f32().subspan(o * row, row)) w = static_cast<float>(w * factor);
      float& b = bias.f32()[o];
      b = static_cast<float>((double{b} - mean[o]) * factor + shift[o]);
    }
    const std::string bias_name = has_bias ? layer.inputs[2] : free_name(layer.name + ".bias");
    add_parameter(*graph_.find_parameter(layer.inputs[1]), std::move(weight));
    add_parameter({bias_name, {static_cast<std::int64_t>(outputs)}, ParameterRole::Bias},
                  std::move(bias));
    folded_.add_node(layer.name, layer.op,
                     {current_name(layer.inputs[0]), layer.inputs[1], bias_name});
  }

  const Graph& graph_;
  const TensorMap& state_;
  Uses uses_;
  Graph folded_;
  TensorMap folded_state_;
  std::map<std::string, const Node*> makers_;
  std::map<std::string, const Node*> norms_;    // by the name of their layer
  std::map<std::string, std::string> renamed_;  // values that are a layer's now
};

}  // namespace

FoldedNetwork fold_batch_norm(const Graph& graph, const TensorMap& state) {
  return Folder(graph, state).fold();
}

}  // namespace pollard
