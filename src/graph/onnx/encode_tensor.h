// Initialisers: a dense tensor as raw little-endian bytes, or a sparse one as its values that are
// not zero and their flat indices (int64), whichever is smaller.
#pragma once

#include <onnx/onnx_pb.h>

#include <span>
#include <string>

#include "pollard/tensor.h"

namespace pollard {

/// `tensor` is F32.
void add_dense(onnx::GraphProto& graph, const std::string& name, const HostTensor& tensor);
/// False, and nothing added, where the dense form is not larger.
bool add_sparse_if_smaller(onnx::GraphProto& graph, const std::string& name,
                           const HostTensor& tensor);

/// One number (shape []).
void add_scalar(onnx::GraphProto& graph, const std::string& name, float value);
void add_integers(onnx::GraphProto& graph, const std::string& name,
                  std::span<const std::int64_t> values);

}  // namespace pollard
