#include "graph/onnx/network_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "graph/byte_cursor.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::string_view suffix(ParameterRole role) {
  switch (role) {
    case ParameterRole::Weight:
    case ParameterRole::Scale:
      return ".weight";
    case ParameterRole::Bias:
    case ParameterRole::Shift:
      return ".bias";
    case ParameterRole::RunningMean:
      return ".running_mean";
    case ParameterRole::RunningVariance:
      return ".running_var";
  }
  return "";
}

/// A bias of `outputs` elements from one of any shape that broadcasts like it: [M], [1, M], [1] and
/// for images [M, 1, 1] and [1, M, 1, 1].
std::optional<HostTensor> as_bias(const HostTensor& tensor, std::int64_t outputs, bool images) {
  Shape expected = images ? Shape{1, outputs, 1, 1} : Shape{1, outputs};
  const std::size_t rank = tensor.shape.size();
  if (tensor.dtype != DType::F32 || rank > expected.size()) return std::nullopt;
  const std::span<const float> values = tensor.f32();
  HostTensor bias = HostTensor::zeros(DType::F32, {outputs});
  if (values.size() == 1) {
    std::ranges::fill(bias.f32(), values[0]);
    return bias;
  }
  expected.erase(expected.begin(), expected.end() - static_cast<std::ptrdiff_t>(rank));
  if (tensor.shape != expected) return std::nullopt;
  std::ranges::copy(values, bias.f32().begin());
  return bias;
}

}  // namespace

NetworkBuilder::NetworkBuilder(ImageShape input, bool ours, TensorReader& tensors)
    : input_(input), ours_(ours), tensors_(tensors) {
  const std::string name = names_.claim(Graph::kInput);
  shapes_.emplace(name, Shape{1, input.channels, input.height, input.width});
}

std::string NetworkBuilder::add_parameter(const OnnxNode& node, const Constant& source,
                                          ParameterRole role, HostTensor tensor,
                                          const std::string& variant) {
  if (tensor.dtype != DType::F32) {
    unusable(fmt::format("'{}' must hold floats", shortened(source.name)));
  }
  const bool shareable = ours_ || role == ParameterRole::Weight || role == ParameterRole::Bias;
  const Shared key{source.tensor, role, variant};
  if (const auto found = shared_.find(key); shareable && found != shared_.end()) {
    return found->second;
  }
  tensors_.spend(tensor.bytes.size());
  std::string wanted = source.name;
  if ((is_made_up(wanted) && !ours_) || names_.is_taken(wanted)) {
    wanted = module_name(node.proto()) + std::string(suffix(role));
  }
  std::string name = names_.claim(wanted);
  shapes_.emplace(name, tensor.shape);
  roles_.emplace(name, role);
  state_.emplace(name, std::move(tensor));
  if (shareable) shared_.emplace(key, name);
  return name;
}

std::string NetworkBuilder::add_node(const OnnxNode& node, Operator op,
                                     std::vector<std::string> inputs) {
  const std::string& given = node.proto().name();
  return add(node.label(), given.empty() ? node.proto().output(0) : given, std::move(op),
             std::move(inputs));
}

std::string NetworkBuilder::add_node(const std::string& name, Operator op,
                                     std::vector<std::string> inputs) {
  return add(name, name, std::move(op), std::move(inputs));
}

std::string NetworkBuilder::add(std::string_view label, std::string_view name, Operator op,
                                std::vector<std::string> inputs) {
  std::vector<Shape> shapes;
  for (const std::string& input : inputs) shapes.push_back(shapes_.at(input));
  Shape shape = infer_shape(label, op, shapes);
  std::string value = names_.claim(name);
  shapes_.emplace(value, std::move(shape));
  makers_.emplace(value, layers_.size());
  layers_.push_back({value, std::move(op), std::move(inputs)});
  return value;
}

bool NetworkBuilder::add_bias(const std::string& value, const OnnxNode& node,
                              const Constant& bias) {
  const auto maker = makers_.find(value);
  if (maker == makers_.end()) return false;
  Layer& layer = layers_[maker->second];
  const bool images = std::holds_alternative<Conv>(layer.op);
  if (layer.inputs.size() != 2 || (!images && !std::holds_alternative<Gemm>(layer.op)))
    return false;
  const std::int64_t outputs = shape(value)[1];
  std::optional<HostTensor> tensor = as_bias(*bias.tensor, outputs, images);
  if (!tensor) return false;
  const std::string variant = fmt::format("bias of {}", outputs);
  layer.inputs.push_back(
      add_parameter(node, bias, ParameterRole::Bias, std::move(*tensor), variant));
  return true;
}

Graph NetworkBuilder::build(std::string name, const std::string& output) const {
  Graph graph(std::move(name), input_);
  for (const Layer& layer : layers_) {
    for (const std::string& input : layer.inputs) {
      const auto role = roles_.find(input);
      if (role == roles_.end() || graph.find_parameter(input) != nullptr) continue;
      graph.add_parameter({input, shapes_.at(input), role->second});
    }
    graph.add_node(layer.name, layer.op, layer.inputs);
  }
  graph.set_output(output);
  return graph;
}

TensorMap NetworkBuilder::take_state() { return std::move(state_); }

}  // namespace pollard
