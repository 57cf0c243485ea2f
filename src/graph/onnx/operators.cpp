#include "graph/onnx/operators.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <limits>

namespace pollard {
namespace {

std::string convert_relu(OnnxNode& node, OnnxContext& at) {
  return at.network.add_node(node, Relu{}, {node.value(0)});
}

std::string convert_clip(OnnxNode& node, OnnxContext& at) {
  using Limits = std::numeric_limits<float>;
  const Clip op{node.number("min", 1).value_or(Limits::lowest()),
                node.number("max", 2).value_or(Limits::max())};
  return at.network.add_node(node, op, {node.value(0)});
}

/// Of two values; or of a layer's result and its bias.
std::string convert_add(OnnxNode& node, OnnxContext& at) {
  if (!node.is_constant(0) && !node.is_constant(1)) {
    return at.network.add_node(node, Add{}, {node.value(0), node.value(1)});
  }
  const std::size_t value = node.is_constant(0) ? 1 : 0;
  const bool alone = at.uses.at(node.proto().input(static_cast<int>(value))) == 1;
  const std::string& x = node.value(value);
  if (!alone || !at.network.add_bias(x, node, node.constant(1 - value))) {
    unusable("a constant can only be added as the bias of a convolution, Gemm or MatMul");
  }
  return x;
}

std::string convert_dropout(OnnxNode& node, OnnxContext& at) {
  node.ignore("seed");
  double ratio = node.real("ratio", 0.5);
  // As for attributes: the shortest decimal number.
  if (node.has_input(1)) ratio = shortest_decimal(node.number(1));
  return at.network.add_node(node, Dropout{ratio}, {node.value(0)});
}

std::string convert_identity(OnnxNode& node, OnnxContext& at) {
  return at.network.add_node(node, Identity{}, {node.value(0)});
}

/// Between types of floats nothing is left to do: everything is computed in float32.
std::string convert_cast(OnnxNode& node, OnnxContext& at) {
  const std::int64_t to = node.integer("to", 0);
  node.ignore("saturate");
  if (to != onnx::TensorProto::FLOAT && to != onnx::TensorProto::FLOAT16 &&
      to != onnx::TensorProto::DOUBLE && to != onnx::TensorProto::BFLOAT16) {
    unusable("values can only be cast to floats");
  }
  return at.network.add_node(node, Identity{}, {node.value(0)});
}

std::string convert_global_average_pool(OnnxNode& node, OnnxContext& at) {
  return at.network.add_node(node, GlobalAveragePool{}, {node.value(0)});
}

struct Entry {
  std::string_view op;
  OnnxConversion convert;
};
constexpr std::array kConversions{
    Entry{"Add", convert_add},
    Entry{"AveragePool", convert_average_pool},
    Entry{"BatchNormalization", convert_batch_normalization},
    Entry{"Cast", convert_cast},
    Entry{"Clip", convert_clip},
    Entry{"Concat", convert_concat},
    Entry{"Conv", convert_conv},
    Entry{"Dropout", convert_dropout},
    Entry{"Flatten", convert_flatten},
    Entry{"Gemm", convert_gemm},
    Entry{"GlobalAveragePool", convert_global_average_pool},
    Entry{"Identity", convert_identity},
    Entry{"MatMul", convert_mat_mul},
    Entry{"MaxPool", convert_max_pool},
    Entry{"Pad", convert_pad},
    Entry{"ReduceMean", convert_reduce_mean},
    Entry{"Relu", convert_relu},
    Entry{"Reshape", convert_reshape},
    Entry{"Slice", convert_slice},
    Entry{"Squeeze", convert_squeeze},
};

}  // namespace

OnnxConversion find_conversion(std::string_view op_type) {
  const auto found = std::ranges::find(kConversions, op_type, &Entry::op);
  return found == kConversions.end() ? nullptr : found->convert;
}

std::string supported_operators() {
  std::string names;
  for (const Entry& entry : kConversions) {
    if (!names.empty()) names += ", ";
    names += entry.op;
  }
  return names;
}

}  // namespace pollard
