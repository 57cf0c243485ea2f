// Builders of the networks, by name.
//
//   resnet8, resnet14, resnet20 ... resnet56, resnet110   CIFAR ResNets (He et al. 2016,
//   section 4.2): 6n+2 layers,
//       16/32/64 channels, option-A shortcuts: every second pixel, zero channels added equally on
//       both sides
//   lenet5      the usual 2-convolution LeNet; lenet-300-100: the MLP
//
// Names of parameters: conv1 bn1 layer{1,2,3}.{b}.{conv1,bn1,conv2,bn2} linear.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"

namespace pollard {

/// Throws Error{Config} naming the nearest network for an unknown name.
[[nodiscard]] Graph build_network(std::string_view name, ImageShape input, std::int64_t classes);
[[nodiscard]] std::vector<std::string> network_names();

enum class Initialization {
  Pytorch,  // PyTorch's defaults: weights and biases U(-1/sqrt(fan_in), 1/sqrt(fan_in))
  Kaiming,  // weights N(0, sqrt(2 / fan_in)), biases 0 (He et al. 2015)
};

/// Values for every parameter, addressed by (seed, name of the parameter, flat index): independent
/// of order and threads. Batch norm starts at scale 1, shift 0, mean 0, variance 1.
[[nodiscard]] TensorMap initialize(const Graph& graph, std::uint64_t seed, Initialization scheme);

/// Checks that `state` has every parameter of the graph with its shape, as F32; gives back just
/// those. Strips a "module." prefix, ignores "*.num_batches_tracked". Other unknown tensors,
/// missing ones and other shapes throw Error{Input} naming the tensor (and the nearest name there
/// is).
[[nodiscard]] TensorMap match_state(const Graph& graph, TensorMap state, std::string_view origin);

}  // namespace pollard
