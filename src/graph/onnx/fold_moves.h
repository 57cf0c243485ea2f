// Folding what only moves elements: other shapes, other orders, parts, joins. Of any type.
#pragma once

#include "graph/onnx/node.h"
#include "graph/onnx/tensors.h"

namespace pollard {

[[nodiscard]] HostTensor fold_reshape(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_unsqueeze(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_squeeze(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_transpose(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_slice(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_gather(OnnxNode& node, TensorReader& tensors);
[[nodiscard]] HostTensor fold_concat(OnnxNode& node, TensorReader& tensors);

/// Bytes of a tensor. Throws Error{Input} where that is no number.
[[nodiscard]] std::uint64_t constant_bytes(const Shape& shape, DType type);

}  // namespace pollard
