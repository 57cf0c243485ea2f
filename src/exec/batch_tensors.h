// A batch as LibTorch's tensors, checked first: LibTorch reads the memory in place and believes
// what it is told about it, and a wrong label on CUDA ends the process.
#pragma once

#include <ATen/ATen.h>

#include "pollard/batch.h"
#include "pollard/graph.h"

namespace pollard {

/// Throws Error{Input} if the images are not those the graph takes, naming the batch.
void check_images(const Batch& batch, const Graph& graph);
/// Throws Error{Input} for a label that is not a class, naming the batch.
void check_labels(const Batch& batch, const Graph& graph);

/// N,C,H,W with channels-last strides. On the CPU it is the batch's own memory: valid as long as
/// that. Checked.
[[nodiscard]] at::Tensor image_tensor(const Batch& batch, const Graph& graph, at::Device device);

/// N class numbers; on the CPU the batch's own memory. Checked.
[[nodiscard]] at::Tensor label_tensor(const Batch& batch, const Graph& graph, at::Device device);

}  // namespace pollard
