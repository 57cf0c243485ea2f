// Building a graph node by node: names are unique, inputs exist, parameters stand where their role
// belongs. What remains is well formed, so the floors above need not check again.

#include "pollard/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "core/nearest.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// In the variant's order.
constexpr std::array<std::string_view, std::variant_size_v<Operator>> kOperatorNames{
    "Conv",        "BatchNormalization",
    "Relu",        "Clip",
    "Add",         "MaxPool",
    "AveragePool", "GlobalAveragePool",
    "Gemm",        "Flatten",
    "Pad",         "Slice",
    "Concat",      "Dropout",
    "Identity"};

[[noreturn]] void fail(std::string_view subject, const std::string& problem,
                       std::string hint = {}) {
  throw Error(ErrorCode::Input, fmt::format("{}: {}", subject, problem), std::move(hint));
}

/// element_count whose error names the subject.
std::int64_t checked_count(std::string_view subject, const Shape& shape) {
  try {
    return element_count(shape);
  } catch (const Error& error) {
    fail(subject, error.what());
  }
}

std::string_view role_name(ParameterRole role) {
  switch (role) {
    case ParameterRole::Weight:
      return "weight";
    case ParameterRole::Bias:
      return "bias";
    case ParameterRole::Scale:
      return "scale";
    case ParameterRole::Shift:
      return "shift";
    case ParameterRole::RunningMean:
      return "running mean";
    case ParameterRole::RunningVariance:
      return "running variance";
  }
  return "?";
}

/// The role of the parameter that `op` takes as its input number `index`; nothing where it takes a
/// value.
std::optional<ParameterRole> role_of_input(const Operator& op, std::size_t index) {
  using enum ParameterRole;
  if (index == 0) return std::nullopt;
  if (std::holds_alternative<Conv>(op) || std::holds_alternative<Gemm>(op)) {
    return index == 1 ? Weight : Bias;
  }
  if (std::holds_alternative<BatchNormalization>(op)) {
    constexpr std::array roles{Scale, Shift, RunningMean, RunningVariance};
    if (index <= roles.size()) return roles[index - 1];
  }
  return std::nullopt;
}

void check_role(const Node& node, std::size_t index, const ParameterInfo* parameter) {
  const std::string& input = node.inputs[index];
  const std::optional<ParameterRole> expected = role_of_input(node.op, index);
  if (!expected && parameter != nullptr) {
    fail(node.name, fmt::format("input {} must be a value, '{}' is a parameter", index, input));
  }
  if (expected && (parameter == nullptr || parameter->role != *expected)) {
    fail(node.name, fmt::format("input {} of {} must be a parameter with the role {}, '{}' is {}",
                                index, operator_name(node.op), role_name(*expected), input,
                                parameter == nullptr ? "a value" : role_name(parameter->role)));
  }
}

}  // namespace

std::string_view operator_name(const Operator& op) { return kOperatorNames[op.index()]; }

Graph::Graph(std::string name, ImageShape input) : name_(std::move(name)), input_(input) {
  const Shape shape{1, input.channels, input.height, input.width};
  for (const std::int64_t size : shape) {
    if (size < 1 || size > std::numeric_limits<std::int32_t>::max()) {
      fail(name_, fmt::format("impossible input image of {} channels, {} x {} pixels",
                              input.channels, input.height, input.width));
    }
  }
  (void)checked_count(name_, shape);
  shapes_.emplace(kInput, shape);
}

void Graph::add_parameter(ParameterInfo parameter) {
  if (parameter.name.empty()) fail(name_, "a parameter needs a name");
  if (shapes_.contains(parameter.name)) fail(parameter.name, "the name is in use already");
  for (const std::int64_t size : parameter.shape) {
    if (size < 1)
      fail(parameter.name, "a parameter cannot have shape " + to_string(parameter.shape));
  }
  (void)checked_count(parameter.name, parameter.shape);
  parameter_index_.emplace(parameter.name, parameters_.size());
  shapes_.emplace(parameter.name, parameter.shape);
  parameters_.push_back(std::move(parameter));
}

std::string Graph::add_node(std::string name, Operator op, std::vector<std::string> inputs) {
  if (name.empty()) fail(name_, fmt::format("a {} node needs a name", operator_name(op)));
  if (shapes_.contains(name)) fail(name, "the name is in use already");
  std::vector<Shape> input_shapes;
  for (const std::string& input : inputs) {
    const auto found = shapes_.find(input);
    if (found == shapes_.end()) {
      fail(name, fmt::format("unknown input '{}'", input),
           "add the node or parameter that makes it first");
    }
    input_shapes.push_back(found->second);
  }
  Shape output = infer_shape(name, op, input_shapes);
  Node node{name, std::move(op), std::move(inputs), name};
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    check_role(node, i, find_parameter(node.inputs[i]));
  }
  nodes_.push_back(std::move(node));
  shapes_.emplace(name, std::move(output));
  return name;
}

void Graph::set_output(std::string_view value) {
  if (value == kInput || find_parameter(value) != nullptr) {
    fail(name_, fmt::format("the output must be that of a node, '{}' is not", value));
  }
  (void)shape(value);
  output_ = value;
}

std::int64_t Graph::classes() const {
  if (output_.empty()) fail(name_, "the network has no output", "call set_output first");
  const Shape& output = shape(output_);
  if (output.size() < 2)
    fail(output_, "the output has no classes: its shape is " + to_string(output));
  return output[1];
}

const ParameterInfo* Graph::find_parameter(std::string_view name) const {
  const auto found = parameter_index_.find(std::string(name));
  return found == parameter_index_.end() ? nullptr : &parameters_[found->second];
}

std::vector<ParameterInfo> Graph::prunable_parameters() const {
  std::vector<ParameterInfo> prunable;
  for (const ParameterInfo& parameter : parameters_) {
    if (parameter.prunable()) prunable.push_back(parameter);
  }
  return prunable;
}

std::int64_t Graph::prunable_weights() const {
  std::int64_t count = 0;
  for (const ParameterInfo& parameter : parameters_) {
    if (parameter.prunable()) count += element_count(parameter.shape);
  }
  return count;
}

void Graph::select(std::string_view parameter, bool selected) {
  const auto found = parameter_index_.find(std::string(parameter));
  if (found == parameter_index_.end())
    fail(name_, fmt::format("there is no parameter '{}'", parameter));
  parameters_[found->second].selected = selected;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const ParameterInfo& parameter : parameters_) {
    if (parameter.trainable()) count += element_count(parameter.shape);
  }
  return count;
}

const Shape& Graph::shape(std::string_view value) const {
  const auto found = shapes_.find(std::string(value));
  if (found != shapes_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& entry : shapes_) names.push_back(entry.first);
  std::sort(names.begin(), names.end());  // the same suggestion every time
  const std::string suggestion = nearest(value, names);
  fail(name_, fmt::format("there is no value '{}'", value),
       suggestion.empty() ? "" : fmt::format("did you mean '{}'?", suggestion));
}

}  // namespace pollard
