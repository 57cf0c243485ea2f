// VGG-16 (Simonyan & Zisserman 2015) as it is used on CIFAR: 13 convolutions with biases and batch
// norm, five halvings, one linear layer in the place of three.
//
//   64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M    M: maximum of 2x2 pixels
//
// Parameters are numbered as torchvision's vgg16_bn numbers its `features`; the linear layer is
// `classifier`, as in kuangliu/pytorch-cifar. A halving of a map one pixel high or wide is left
// out, so that images smaller than 32x32 go through too; what larger ones leave is averaged.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

constexpr int kHalving = 0;
constexpr std::array kLayers{64,       64,  kHalving, 128, 128,      kHalving, 256, 256, 256,
                             kHalving, 512, 512,      512, kHalving, 512,      512, 512, kHalving};

Graph build(std::string_view name, ImageShape input, std::int64_t classes, const NetworkSettings&) {
  Graph graph(std::string(name), input);
  std::string value{Graph::kInput};
  int number = 0;
  const auto next_name = [&number] { return fmt::format("features.{}", number++); };
  for (const int channels : kLayers) {
    if (channels == kHalving) {
      const std::string own = next_name();
      const Shape& shape = graph.shape(value);
      if (std::min(shape[2], shape[3]) > 1) value = add_max_pool(graph, own, value, 2, 2);
      continue;
    }
    value = add_conv(graph, next_name(), value,
                     {.channels = channels, .kernel = 3, .padding = 1, .bias = true});
    value = add_batch_norm(graph, next_name(), value);
    value = graph.add_node(next_name(), Relu{}, {value});
  }
  add_mean_and_linear(graph, "pool", "classifier", value, classes);
  return graph;
}

}  // namespace

NetworkFamily vggs() { return {{"vgg16-bn"}, build}; }

}  // namespace pollard
