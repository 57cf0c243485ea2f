// The network as data: nodes with ONNX's operator names and semantics, inferred shapes, named
// parameters. From it come the network that trains, the multiply-add count, files and views.
//
// Values are named by strings as in ONNX; every node has one output. Shapes are those for one
// image: dimension 0 is the batch and reads 1. Images are N, C, H, W.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

// ---- operators: ONNX's, with ONNX's defaults -------------------------------------------------

/// Inputs: x [N,C,H,W], weight [O,C/groups,kh,kw], optional bias [O]. Kernel size is the weight's.
struct Conv {
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, left, bottom, right
  std::array<std::int64_t, 2> dilations{1, 1};
  std::int64_t groups = 1;
};
/// Inputs: x [N,C,...], scale, bias, running mean, running variance, each [C].
/// ONNX's momentum: running = momentum * running + (1 - momentum) * batch (PyTorch's 0.1 is 0.9
/// here).
struct BatchNormalization {
  double epsilon = 1e-5;
  double momentum = 0.9;
};
struct Relu {};
struct Clip {
  float minimum = 0, maximum = 6;
};
/// Elementwise sum of two values of equal shape.
struct Add {};
struct MaxPool {
  std::array<std::int64_t, 2> kernel{1, 1}, strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
  bool ceil_mode = false;
};
struct AveragePool {
  std::array<std::int64_t, 2> kernel{1, 1}, strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
  bool ceil_mode = false;
  bool count_include_pad = false;
};
struct GlobalAveragePool {};
/// Inputs: x [N,K], weight [M,K] (transB = 1), optional bias [M].
struct Gemm {};
/// [N, rest]
struct Flatten {};
/// Constant padding; `pads` = all begins, then all ends, one each per dimension.
struct Pad {
  std::vector<std::int64_t> pads;
  float value = 0;
};
/// ONNX Slice over `axes`; ends beyond the size mean "to the end".
struct Slice {
  std::vector<std::int64_t> starts, ends, axes, steps;
};
/// Any number of inputs.
struct Concat {
  std::int64_t axis = 1;
};
/// Active in training only.
struct Dropout {
  double ratio = 0.5;
};
struct Identity {};

using Operator =
    std::variant<Conv, BatchNormalization, Relu, Clip, Add, MaxPool, AveragePool, GlobalAveragePool,
                 Gemm, Flatten, Pad, Slice, Concat, Dropout, Identity>;

/// "Conv", "BatchNormalization", ...
[[nodiscard]] std::string_view operator_name(const Operator& op);

struct Node {
  std::string name;  // "layer1.0.conv1"
  Operator op;
  std::vector<std::string> inputs;  // values and parameters, in ONNX's order
  std::string output;
};

// ---- parameters -------------------------------------------------------------------------------

enum class ParameterRole {
  Weight,  // of a Conv or Gemm: the prunable ones
  Bias,
  Scale,        // of a BatchNormalization
  Shift,        // its bias
  RunningMean,  // not trained
  RunningVariance,
};

struct ParameterInfo {
  std::string name;  // "layer1.0.conv1.weight", as torchvision and the usual CIFAR code name them
  Shape shape;
  ParameterRole role;
  bool selected = true;  // false: stays dense whatever prunes (Graph::select)

  [[nodiscard]] bool prunable() const { return role == ParameterRole::Weight && selected; }
  [[nodiscard]] bool trainable() const {
    return role != ParameterRole::RunningMean && role != ParameterRole::RunningVariance;
  }
};

// ---- the graph --------------------------------------------------------------------------------

/// Built in order: a node may only use values and parameters that exist already, so the list of
/// nodes is in topological order by construction, and shapes are inferred as nodes are added.
/// All building functions throw Error{Input} naming the node.
class Graph {
 public:
  Graph(std::string name, ImageShape input);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] ImageShape input_shape() const { return input_; }
  static constexpr std::string_view kInput = "input";

  void add_parameter(ParameterInfo parameter);
  /// Infers the output's shape; the output value is named as the node. Returns that name.
  std::string add_node(std::string name, Operator op, std::vector<std::string> inputs);
  void set_output(std::string_view value);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  /// Of the output: shape[1].
  [[nodiscard]] std::int64_t classes() const;
  /// In order of declaration, which is the order of ties and tables.
  [[nodiscard]] const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  [[nodiscard]] const ParameterInfo* find_parameter(std::string_view name) const;
  [[nodiscard]] std::vector<ParameterInfo> prunable_parameters() const;
  [[nodiscard]] std::int64_t prunable_weights() const;
  /// Whether a parameter may be pruned, which is so for every Weight at first. Throws Error{Input}
  /// for an unknown name.
  void select(std::string_view parameter, bool selected);
  /// All trainable parameters (running statistics are not counted, as in PyTorch).
  [[nodiscard]] std::int64_t parameter_count() const;

  /// Of the input, a node's output or a parameter. Throws Error{Input} for an unknown name.
  [[nodiscard]] const Shape& shape(std::string_view value) const;

 private:
  std::string name_;
  ImageShape input_;
  std::vector<Node> nodes_;
  std::vector<ParameterInfo> parameters_;
  std::unordered_map<std::string, std::size_t> parameter_index_;
  std::unordered_map<std::string, Shape> shapes_;
  std::string output_;
};

/// The shape of what `op` makes of inputs of these shapes; throws Error{Input} beginning with
/// `node`.
[[nodiscard]] Shape infer_shape(std::string_view node, const Operator& op,
                                const std::vector<Shape>& inputs);

/// Multiply-adds for one image: Conv and Gemm count, everything else is free (ShrinkBench's rule,
/// but from the real output size and the group count).
[[nodiscard]] std::int64_t multiply_adds(const Graph& graph, const Node& node);
[[nodiscard]] std::int64_t multiply_adds(const Graph& graph);

/// The `inspect` view: one line a node with output shape, parameters and multiply-adds, then
/// totals. With `state`, also the sparsity of each weight. Weights missing from `state` read "-".
[[nodiscard]] std::string describe(const Graph& graph, const TensorMap* state = nullptr);

}  // namespace pollard
