// A graph and its parameters as ONNX's protobuf message.
#pragma once

#include <onnx/onnx_pb.h>

#include "pollard/onnx_file.h"

namespace pollard {

inline constexpr const char* kProducer = "pollard";

/// Opset 13. What the output does not depend on is left out. `state` must fit the graph, as F32.
/// Throws Error{Input} where options.input or options.output is the name of another value.
[[nodiscard]] onnx::ModelProto encode_model(const Graph& graph, const TensorMap& state,
                                            const OnnxOptions& options);

}  // namespace pollard
