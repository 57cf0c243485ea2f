// Builders of the networks, by name. docs/networks.md lists them with their sizes, sources and
// parameter names.
//
//   resnet8, resnet14, resnet20 ... resnet56, resnet110    for CIFAR: 6n + 2 layers, option A
//   wrn-28-10, wrn-16-4, wrn-10-1                          wide, as Back to Basics has them
//   wrn-28-10-standard, wrn-16-4-standard                  wide, as their authors have them
//   vgg16-bn                                               for CIFAR: one linear layer
//   resnet18, resnet34, resnet50 (v1.5), mobilenet-v2      for ImageNet, named as in torchvision
//   lenet5, lenet-300-100
//
// Each takes images of any size that its layers leave something of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"

namespace pollard {

/// What differs between users of one network; unset: as its source has it.
struct NetworkSettings {
  std::optional<double> dropout = {};        // of the wide networks and mobilenet-v2; 0: none
  std::optional<double> last_momentum = {};  // PyTorch's, of the wide networks' last batch norm
};

/// Throws Error{Config} naming the nearest network for an unknown name.
[[nodiscard]] Graph build_network(std::string_view name, ImageShape input, std::int64_t classes,
                                  const NetworkSettings& settings = {});
[[nodiscard]] std::vector<std::string> network_names();

enum class Initialization {
  Pytorch,  // PyTorch's defaults: weights and biases U(-1/sqrt(fan_in), 1/sqrt(fan_in))
  Kaiming,  // weights N(0, sqrt(2 / fan_in)), biases 0 (He et al. 2015)
  // The next two leave dense layers to Pytorch and set the biases of convolutions to 0.
  KaimingFanOut,  // convolutions N(0, sqrt(2 / fan_out)), as torchvision's and the wide networks
  Xavier,         // convolutions uniform with gain sqrt(2) (Glorot & Bengio 2010)
};

/// "pytorch", "kaiming", "kaiming-fan-out" or "xavier"; throws Error{Config} for another name.
[[nodiscard]] Initialization initialization_of(std::string_view name);
[[nodiscard]] std::vector<std::string> initialization_names();

/// Values for every parameter, addressed by (seed, name of the parameter, flat index): independent
/// of order and threads. Batch norm starts at scale 1, shift 0, mean 0, variance 1.
[[nodiscard]] TensorMap initialize(const Graph& graph, std::uint64_t seed, Initialization scheme);

/// Checks that `state` has every parameter of the graph with its shape, as F32; gives back just
/// those. Strips a "module." prefix, ignores "*.num_batches_tracked". Other unknown tensors,
/// missing ones and other shapes throw Error{Input} naming the tensor (and the nearest name there
/// is).
[[nodiscard]] TensorMap match_state(const Graph& graph, TensorMap state, std::string_view origin);

}  // namespace pollard
