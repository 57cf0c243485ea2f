// What exporters leave for run time though it does not depend on the images: shape arithmetic, the
// pads of a Pad, weights that are transposed first. Computed while reading.
#pragma once

#include <string_view>

#include "graph/onnx/node.h"
#include "graph/onnx/tensors.h"

namespace pollard {

/// Whether fold() knows the operator.
[[nodiscard]] bool is_folded(std::string_view op_type);
/// The node's first output, where all inputs are constants.
[[nodiscard]] Constant fold(OnnxNode& node, TensorReader& tensors);

/// The dimension that `axis` names, negative: from the back. Throws Error{Input}.
[[nodiscard]] std::size_t resolve_axis(std::int64_t axis, std::size_t rank);
/// What the attributes start and end of Shape leave of a shape.
[[nodiscard]] Constant shape_constant(OnnxNode& node, const Shape& shape);

}  // namespace pollard
