#include "graph/onnx/node.h"

#include <fmt/format.h>

#include <charconv>

#include "graph/byte_cursor.h"
#include "pollard/error.h"

namespace pollard {

void unusable(const std::string& problem, const std::string& hint) {
  throw Error(ErrorCode::Input, problem, hint);
}

double shortest_decimal(float value) {
  const std::string text = fmt::format("{}", value);
  double shortest = value;
  std::from_chars(text.data(), text.data() + text.size(), shortest);
  return shortest;
}

std::string node_label(const onnx::NodeProto& proto) {
  const bool named = !proto.name().empty() || proto.output_size() == 0;
  return fmt::format("{} '{}'", shortened(proto.op_type()),
                     shortened(named ? proto.name() : proto.output(0)));
}

OnnxNode::OnnxNode(const onnx::NodeProto& proto, std::vector<const OnnxValue*> inputs,
                   std::int64_t opset)
    : proto_(proto), inputs_(std::move(inputs)), opset_(opset), label_(node_label(proto)) {}

// ---- inputs -------------------------------------------------------------------------------------

bool OnnxNode::has_input(std::size_t index) const {
  return index < inputs_.size() && inputs_[index] != nullptr;
}

bool OnnxNode::is_constant(std::size_t index) const {
  return has_input(index) && std::holds_alternative<Constant>(*inputs_[index]);
}

const std::string& OnnxNode::value(std::size_t index) const {
  if (!has_input(index)) unusable(fmt::format("input {} is missing", index));
  if (is_constant(index)) unusable(fmt::format("input {} must depend on the images", index));
  return std::get<std::string>(*inputs_[index]);
}

const Constant& OnnxNode::constant(std::size_t index) const {
  if (!has_input(index)) unusable(fmt::format("input {} is missing", index));
  if (!is_constant(index)) unusable(fmt::format("input {} must be a constant", index));
  return std::get<Constant>(*inputs_[index]);
}

std::vector<std::int64_t> OnnxNode::whole_numbers(std::size_t index) const {
  const HostTensor& tensor = *constant(index).tensor;
  if (tensor.dtype != DType::I64 || tensor.shape.size() > 1) {
    unusable(fmt::format("input {} must be a list of whole numbers", index));
  }
  const auto numbers = tensor.i64();
  return {numbers.begin(), numbers.end()};
}

float OnnxNode::number(std::size_t index) const {
  const HostTensor& tensor = *constant(index).tensor;
  if (tensor.dtype != DType::F32 || element_count(tensor.shape) != 1) {
    unusable(fmt::format("input {} must be one number", index));
  }
  return tensor.f32()[0];
}

// ---- attributes ---------------------------------------------------------------------------------

const onnx::AttributeProto* OnnxNode::find(std::string_view name, int type) {
  known_.emplace(name);
  for (const onnx::AttributeProto& attribute : proto_.attribute()) {
    if (attribute.name() != name) continue;
    if (attribute.type() == type) return &attribute;
    unusable(fmt::format("attribute '{}' is of another type than expected", name));
  }
  return nullptr;
}

std::int64_t OnnxNode::integer(std::string_view name, std::int64_t fallback) {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INT);
  return attribute == nullptr ? fallback : attribute->i();
}

double OnnxNode::real(std::string_view name, double fallback) {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::FLOAT);
  return attribute == nullptr ? fallback : shortest_decimal(attribute->f());
}

std::string OnnxNode::text(std::string_view name, std::string_view fallback) {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::STRING);
  return attribute == nullptr ? std::string(fallback) : attribute->s();
}

std::optional<std::vector<std::int64_t>> OnnxNode::integers(std::string_view name) {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::INTS);
  if (attribute == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

const onnx::TensorProto* OnnxNode::tensor(std::string_view name) {
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::TENSOR);
  return attribute == nullptr ? nullptr : &attribute->t();
}

void OnnxNode::check_all_known() const {
  std::set<std::string_view> seen;
  for (const onnx::AttributeProto& attribute : proto_.attribute()) {
    if (!seen.insert(attribute.name()).second) {
      unusable(fmt::format("attribute '{}' is there twice", shortened(attribute.name())));
    }
    if (!known_.contains(attribute.name())) {
      unusable(fmt::format("attribute '{}' is not supported", shortened(attribute.name())));
    }
  }
}

std::optional<std::vector<std::int64_t>> OnnxNode::integers(std::string_view name,
                                                            std::size_t input) {
  if (has_input(input)) return whole_numbers(input);
  return integers(name);
}

std::optional<float> OnnxNode::number(std::string_view name, std::size_t input) {
  if (has_input(input)) return number(input);
  const onnx::AttributeProto* attribute = find(name, onnx::AttributeProto::FLOAT);
  return attribute == nullptr ? std::nullopt : std::optional(attribute->f());
}

}  // namespace pollard
