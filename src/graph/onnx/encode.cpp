#include "graph/onnx/encode.h"

#include <fmt/format.h>

#include <limits>
#include <set>
#include <utility>

#include "graph/onnx/encode_tensor.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr int kIrVersion = 7;  // the one that came with opset 13
constexpr int kOpset = 13;
constexpr const char* kBatch = "batch";

void set_type(onnx::ValueInfoProto& value, const std::string& name, const Shape& shape) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  onnx::TensorShapeProto& dimensions = *type.mutable_shape();
  dimensions.add_dim()->set_dim_param(kBatch);
  for (std::size_t i = 1; i < shape.size(); ++i) dimensions.add_dim()->set_dim_value(shape[i]);
}

using Values = std::set<std::string, std::less<>>;

/// What the output depends on: values and parameters.
Values needed_values(const Graph& graph) {
  Values needed{graph.output()};
  for (auto node = graph.nodes().rbegin(); node != graph.nodes().rend(); ++node) {
    if (needed.contains(node->output)) needed.insert(node->inputs.begin(), node->inputs.end());
  }
  return needed;
}

class Encoder {
 public:
  Encoder(const Graph& graph, const TensorMap& state, const OnnxOptions& options)
      : graph_(graph),
        state_(state),
        options_(options),
        out_(*model_.mutable_graph()),
        needed_(needed_values(graph)),
        names_(needed_) {
    input_ = chosen_name(options.input, Graph::kInput);
    output_ = options.output.empty() ? graph.output() : chosen_name(options.output, graph.output());
    if (input_ == output_) refuse_name(input_);
  }

  onnx::ModelProto encode() {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name(kProducer);
    model_.set_producer_version(POLLARD_VERSION);
    model_.add_opset_import()->set_version(kOpset);
    for (const auto& [key, value] : options_.metadata) {
      onnx::StringStringEntryProto& entry = *model_.add_metadata_props();
      entry.set_key(key);
      entry.set_value(value);
    }
    out_.set_name(graph_.name());
    set_type(*out_.add_input(), input_, graph_.shape(Graph::kInput));
    set_type(*out_.add_output(), output_, graph_.shape(graph_.output()));
    for (const ParameterInfo& parameter : graph_.parameters()) {
      if (needed_.contains(parameter.name)) add_parameter(parameter.name);
    }
    for (const Node& node : graph_.nodes()) {
      if (needed_.contains(node.output)) add_node(node);
    }
    return std::move(model_);
  }

 private:
  [[noreturn]] static void refuse_name(const std::string& name) {
    throw Error(ErrorCode::Input,
                fmt::format("the name '{}' is taken by another value of the network", name),
                "choose another name for the input or output");
  }

  /// A name that the user gave to `value`.
  std::string chosen_name(const std::string& name, std::string_view value) {
    if (name != value && !names_.insert(name).second) refuse_name(name);
    return name;
  }

  [[nodiscard]] std::string value_name(const std::string& value) const {
    if (value == Graph::kInput) return input_;
    return value == graph_.output() ? output_ : value;
  }

  void add_parameter(const std::string& name) {
    const HostTensor& tensor = state_.at(name);
    if (options_.sparse == SparseInitializers::Never ||
        !add_sparse_if_smaller(out_, name, tensor)) {
      add_dense(out_, name, tensor);
    }
  }

  void add_node(const Node& node) {
    onnx::NodeProto& out = *out_.add_node();
    out.set_name(node.name);
    out.set_op_type(std::string(operator_name(node.op)));
    for (const std::string& input : node.inputs) out.add_input(value_name(input));
    out.add_output(value_name(node.output));
    std::visit([&](const auto& op) { write(out, op); }, node.op);
    // Relu has no attributes, and so on: what a visitor does not write is ONNX's default.
    if (const auto* conv = std::get_if<Conv>(&node.op); conv != nullptr) {
      const Shape& weight = graph_.shape(node.inputs[1]);
      set(out, "kernel_shape", std::array{weight[2], weight[3]});
    }
  }

  // ---- attributes -------------------------------------------------------------------------------

  static onnx::AttributeProto& attribute(onnx::NodeProto& node, const char* name,
                                         onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& added = *node.add_attribute();
    added.set_name(name);
    added.set_type(type);
    return added;
  }
  static void set(onnx::NodeProto& node, const char* name, std::int64_t value) {
    attribute(node, name, onnx::AttributeProto::INT).set_i(value);
  }
  static void set(onnx::NodeProto& node, const char* name, double value) {
    attribute(node, name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
  }
  template <std::size_t n>
  static void set(onnx::NodeProto& node, const char* name,
                  const std::array<std::int64_t, n>& values) {
    onnx::AttributeProto& added = attribute(node, name, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) added.add_ints(value);
  }

  // ---- inputs that are constants ----------------------------------------------------------------

  std::string constant_name(const onnx::NodeProto& node, std::string_view what) {
    std::string name = fmt::format("{}.{}", node.name(), what);
    while (!names_.insert(name).second) name += "_";
    return name;
  }
  void add_input(onnx::NodeProto& node, std::string_view what, float value) {
    add_scalar(out_, *node.add_input() = constant_name(node, what), value);
  }
  void add_input(onnx::NodeProto& node, std::string_view what,
                 const std::vector<std::int64_t>& values) {
    add_integers(out_, *node.add_input() = constant_name(node, what), values);
  }

  // ---- operators --------------------------------------------------------------------------------

  template <typename Plain>
  void write(onnx::NodeProto&, const Plain&) {}

  void write(onnx::NodeProto& node, const Conv& op) {
    set(node, "strides", op.strides);
    set(node, "pads", op.pads);
    set(node, "dilations", op.dilations);
    set(node, "group", op.groups);
  }
  void write(onnx::NodeProto& node, const BatchNormalization& op) {
    set(node, "epsilon", op.epsilon);
    set(node, "momentum", op.momentum);
  }
  void write(onnx::NodeProto& node, const Clip& op) {
    add_input(node, "min", op.minimum);
    add_input(node, "max", op.maximum);
  }
  template <typename Pool>
  void write_pool(onnx::NodeProto& node, const Pool& op) {
    set(node, "kernel_shape", op.kernel);
    set(node, "strides", op.strides);
    set(node, "pads", op.pads);
    set(node, "ceil_mode", std::int64_t{op.ceil_mode});
  }
  void write(onnx::NodeProto& node, const MaxPool& op) { write_pool(node, op); }
  void write(onnx::NodeProto& node, const AveragePool& op) {
    write_pool(node, op);
    set(node, "count_include_pad", std::int64_t{op.count_include_pad});
  }
  void write(onnx::NodeProto& node, const Gemm&) { set(node, "transB", std::int64_t{1}); }
  void write(onnx::NodeProto& node, const Flatten&) { set(node, "axis", std::int64_t{1}); }
  void write(onnx::NodeProto& node, const Pad& op) {
    add_input(node, "pads", op.pads);
    add_input(node, "value", op.value);
  }
  void write(onnx::NodeProto& node, const Slice& op) {
    add_input(node, "starts", op.starts);
    add_input(node, "ends", op.ends);
    add_input(node, "axes", op.axes);
    add_input(node, "steps", op.steps);
  }
  void write(onnx::NodeProto& node, const Concat& op) { set(node, "axis", op.axis); }
  void write(onnx::NodeProto& node, const Dropout& op) {
    add_input(node, "ratio", static_cast<float>(op.ratio));
  }

  const Graph& graph_;
  const TensorMap& state_;
  const OnnxOptions& options_;
  onnx::ModelProto model_;
  onnx::GraphProto& out_;
  Values needed_;
  Values names_;  // of values and initialisers
  std::string input_, output_;
};

}  // namespace

onnx::ModelProto encode_model(const Graph& graph, const TensorMap& state,
                              const OnnxOptions& options) {
  return Encoder(graph, state, options).encode();
}

}  // namespace pollard
