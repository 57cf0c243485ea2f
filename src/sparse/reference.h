// A graph computed as it is written: plain loops over N, C, H, W in double, nothing fused, nothing
// left out. What the tests of the sparse engine compare with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard::sparse {

/// In evaluation mode: batch norm by its running statistics, no dropout. images: count x C x H x W;
/// gives count x the output's size. `state` holds every parameter as F32.
[[nodiscard]] std::vector<double> reference_outputs(const Graph& graph, const TensorMap& state,
                                                    std::span<const float> images,
                                                    std::int64_t count);

}  // namespace pollard::sparse
