// ONNX models made by hand, message by message.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pollard/onnx_file.h"

namespace pollard::test {

using Sizes = std::vector<std::int64_t>;
using Floats = std::vector<float>;

/// Opset 13, one input "x" and one output "y"; sizes of -1 are open.
class ModelMaker {
 public:
  explicit ModelMaker(const Sizes& input) {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(13);
    set_type(*graph().add_input(), "x", input);
    graph().add_output()->set_name("y");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  static void set_type(onnx::ValueInfoProto& value, const std::string& name, const Sizes& sizes) {
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t size : sizes) {
      auto& dimension = *type.mutable_shape()->add_dim();
      size < 0 ? dimension.set_dim_param("open") : dimension.set_dim_value(size);
    }
  }

  ModelMaker& opset(std::int64_t version) {
    model.mutable_opset_import(0)->set_version(version);
    return *this;
  }

  onnx::TensorProto& tensor(const std::string& name, const Sizes& sizes, int type) {
    onnx::TensorProto& made = *graph().add_initializer();
    made.set_name(name);
    made.set_data_type(type);
    for (const std::int64_t size : sizes) made.add_dims(size);
    return made;
  }
  ModelMaker& floats(const std::string& name, const Sizes& sizes, const Floats& values) {
    onnx::TensorProto& made = tensor(name, sizes, onnx::TensorProto::FLOAT);
    made.set_raw_data(values.data(), values.size() * sizeof(float));
    return *this;
  }
  /// 1, 2, 3 ...
  ModelMaker& counting(const std::string& name, const Sizes& sizes) {
    Floats values(static_cast<std::size_t>(element_count(sizes)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
    return floats(name, sizes, values);
  }
  ModelMaker& wholes(const std::string& name, const Sizes& values) {
    onnx::TensorProto& made =
        tensor(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    made.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
    return *this;
  }
  ModelMaker& scalar(const std::string& name, float value) { return floats(name, {}, {value}); }

  /// Its name is "the_" and the output's.
  ModelMaker& node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::string& output) {
    onnx::NodeProto& made = *graph().add_node();
    made.set_op_type(op);
    made.set_name("the_" + output);
    for (const std::string& input : inputs) made.add_input(input);
    made.add_output(output);
    return *this;
  }

  // ---- attributes of the node added last ----
  onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }
  onnx::AttributeProto& attribute(const std::string& name, int type) {
    onnx::AttributeProto& made = *last().add_attribute();
    made.set_name(name);
    made.set_type(static_cast<onnx::AttributeProto::AttributeType>(type));
    return made;
  }
  ModelMaker& integer(const std::string& name, std::int64_t value) {
    attribute(name, onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  ModelMaker& real(const std::string& name, float value) {
    attribute(name, onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  ModelMaker& text(const std::string& name, const std::string& value) {
    attribute(name, onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  ModelMaker& integers(const std::string& name, const Sizes& values) {
    onnx::AttributeProto& made = attribute(name, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) made.add_ints(value);
    return *this;
  }

  [[nodiscard]] std::string bytes() const { return model.SerializeAsString(); }
  [[nodiscard]] OnnxModel read(ImageShape images = {}) const {
    const std::string encoded = bytes();
    return decode_onnx(std::as_bytes(std::span(encoded)), "made.onnx", images);
  }

  onnx::ModelProto model;
};

template <typename Op>
const Op& op_of(const Graph& graph, std::string_view node) {
  for (const Node& each : graph.nodes()) {
    if (each.name == node) return std::get<Op>(each.op);
  }
  throw std::out_of_range("there is no node " + std::string(node));
}

inline Floats values_of(const OnnxModel& model, const std::string& name) {
  const std::span<const float> values = model.state.at(name).f32();
  return {values.begin(), values.end()};
}

}  // namespace pollard::test
