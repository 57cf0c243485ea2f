// Which of ONNX's operators become which of the graph's, and how.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "graph/onnx/network_builder.h"
#include "graph/onnx/node.h"

namespace pollard {

/// What the conversion of a node may look at besides it.
struct OnnxContext {
  NetworkBuilder& network;
  TensorReader& tensors;
  const std::map<std::string, int, std::less<>>& uses;  // how many inputs and outputs a value is
  std::int64_t batch;  // what Shape gives for the batch: the file's, or a number like no other
};

/// Adds what the node is to the network; gives the name of its first output there.
using OnnxConversion = std::string (*)(OnnxNode& node, OnnxContext& at);

/// Null where the operator is not supported.
[[nodiscard]] OnnxConversion find_conversion(std::string_view op_type);
/// "Conv, BatchNormalization ..."
[[nodiscard]] std::string supported_operators();

// Layers and pooling (operators_layers.cpp)
std::string convert_conv(OnnxNode& node, OnnxContext& at);
std::string convert_batch_normalization(OnnxNode& node, OnnxContext& at);
std::string convert_gemm(OnnxNode& node, OnnxContext& at);
std::string convert_mat_mul(OnnxNode& node, OnnxContext& at);
std::string convert_max_pool(OnnxNode& node, OnnxContext& at);
std::string convert_average_pool(OnnxNode& node, OnnxContext& at);

// Shapes (operators_shapes.cpp)
std::string convert_flatten(OnnxNode& node, OnnxContext& at);
std::string convert_reshape(OnnxNode& node, OnnxContext& at);
std::string convert_squeeze(OnnxNode& node, OnnxContext& at);
std::string convert_reduce_mean(OnnxNode& node, OnnxContext& at);
std::string convert_pad(OnnxNode& node, OnnxContext& at);
std::string convert_slice(OnnxNode& node, OnnxContext& at);
std::string convert_concat(OnnxNode& node, OnnxContext& at);

}  // namespace pollard
