// The residual networks for ImageNet (He et al. 2016, table 1), as torchvision builds and names
// them:
//
//   conv 7x7/2, bn, relu, maximum 3x3/2, four stages of 64, 128, 256 and 512 channels, mean, linear
//
//   basic block (18, 34)   conv 3x3/s -> bn -> relu -> conv 3x3 -> bn -> + shortcut -> relu
//   bottleneck (50)        conv 1x1 -> bn -> relu -> conv 3x3/s -> bn -> relu -> conv 1x1 to four
//                          times the channels -> bn -> + shortcut -> relu
//
// s is 2 where a stage after the first begins. That it stands in the 3x3 convolution of the
// bottleneck, not in the 1x1, is "v1.5". The shortcut is a 1x1 convolution and a batch norm where
// the shape changes.

#include <fmt/format.h>

#include <array>

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

struct Layout {
  const char* name;
  std::array<int, 4> blocks;
  bool bottleneck;
};
constexpr std::array kNetworks{Layout{"resnet18", {2, 2, 2, 2}, false},
                               Layout{"resnet34", {3, 4, 6, 3}, false},
                               Layout{"resnet50", {3, 4, 6, 3}, true}};

/// The block's convolutions one after the other, each with its batch norm and all but the last with
/// its ReLU.
std::string add_branch(Graph& graph, const std::string& name, std::string value,
                       std::initializer_list<ConvSettings> convs) {
  std::size_t number = 0;
  for (const ConvSettings& conv : convs) {
    ++number;
    value = add_conv(graph, fmt::format("{}.conv{}", name, number), value, conv);
    value = add_batch_norm(graph, fmt::format("{}.bn{}", name, number), value);
    if (number == convs.size()) break;
    value = graph.add_node(fmt::format("{}.relu{}", name, number), Relu{}, {value});
  }
  return value;
}

std::string add_block(Graph& graph, const std::string& name, const std::string& x,
                      std::int64_t width, std::int64_t stride, bool bottleneck) {
  const std::int64_t channels = bottleneck ? 4 * width : width;
  const ConvSettings strided{.channels = width, .kernel = 3, .stride = stride, .padding = 1};
  const std::string value =
      bottleneck
          ? add_branch(graph, name, x, {{.channels = width}, strided, {.channels = channels}})
          : add_branch(graph, name, x, {strided, {.channels = width, .kernel = 3, .padding = 1}});
  std::string shortcut = x;
  if (stride != 1 || graph.shape(x)[1] != channels) {
    shortcut = add_conv(graph, name + ".downsample.0", x, {.channels = channels, .stride = stride});
    shortcut = add_batch_norm(graph, name + ".downsample.1", shortcut);
  }
  const std::string sum = graph.add_node(name + ".add", Add{}, {value, shortcut});
  return graph.add_node(name + ".relu", Relu{}, {sum});
}

Graph build(std::string_view name, ImageShape input, std::int64_t classes, const NetworkSettings&) {
  const Layout& network = layout_of(kNetworks, name);
  Graph graph(std::string(name), input);
  std::string value = add_conv(graph, "conv1", std::string(Graph::kInput),
                               {.channels = 64, .kernel = 7, .stride = 2, .padding = 3});
  value = add_batch_norm(graph, "bn1", value);
  value = graph.add_node("relu", Relu{}, {value});
  value = add_max_pool(graph, "maxpool", value, 3, 2, 1);
  for (std::size_t stage = 0; stage < network.blocks.size(); ++stage) {
    for (int block = 0; block < network.blocks[stage]; ++block) {
      value =
          add_block(graph, fmt::format("layer{}.{}", stage + 1, block), value,
                    std::int64_t{64} << stage, stage > 0 && block == 0 ? 2 : 1, network.bottleneck);
    }
  }
  add_mean_and_linear(graph, "avgpool", "fc", value, classes);
  return graph;
}

}  // namespace

NetworkFamily imagenet_resnets() { return {names_of(kNetworks), build}; }

}  // namespace pollard
