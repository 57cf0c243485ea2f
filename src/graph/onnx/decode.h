// A model in ONNX's protobuf message as a network.
#pragma once

#include <onnx/onnx_pb.h>

#include "graph/onnx/tensors.h"
#include "pollard/onnx_file.h"

namespace pollard {

/// Throws Error{Input} with what is wrong, without the file's name.
[[nodiscard]] OnnxModel decode_model(const onnx::ModelProto& model, TensorReader& tensors,
                                     ImageShape images);

}  // namespace pollard
