// The residual networks of He et al. 2016, section 4.2: a convolution, three stages of n blocks
// with 16, 32 and 64 channels, a linear layer; 6n + 2 layers. A block:
//
//   x -> conv 3x3 (stride 2 where a stage after the first begins) -> bn -> relu -> conv 3x3 -> bn
//     -> + x by option A -> relu
//
// Parameter names and order are those of akamaster/pytorch_resnet_cifar10, so that its published
// weights fit.

#include <fmt/format.h>

#include <array>

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

// Not 50: that name belongs to the bottleneck network for ImageNet.
constexpr std::array kDepths{8, 14, 20, 26, 32, 38, 44, 56, 110};

std::string name_of(int depth) { return fmt::format("resnet{}", depth); }

std::string add_block(Graph& graph, const std::string& name, const std::string& x,
                      std::int64_t channels, std::int64_t stride) {
  const auto conv = [&](const std::string& part, const std::string& input, std::int64_t step) {
    return add_conv(graph, name + part, input,
                    {.channels = channels, .kernel = 3, .stride = step, .padding = 1});
  };
  std::string value = conv(".conv1", x, stride);
  value = add_batch_norm(graph, name + ".bn1", value);
  value = graph.add_node(name + ".relu1", Relu{}, {value});
  value = conv(".conv2", value, 1);
  value = add_batch_norm(graph, name + ".bn2", value);
  const std::string shortcut =
      add_option_a_shortcut(graph, name + ".shortcut", x, channels, stride);
  value = graph.add_node(name + ".add", Add{}, {value, shortcut});
  return graph.add_node(name + ".relu2", Relu{}, {value});
}

int depth_of(std::string_view name) {
  for (const int depth : kDepths) {
    if (name == name_of(depth)) return depth;
  }
  return 0;
}

Graph build(std::string_view name, ImageShape input, std::int64_t classes, const NetworkSettings&) {
  Graph graph(std::string(name), input);
  const int blocks = (depth_of(name) - 2) / 6;
  std::string value = add_conv(graph, "conv1", std::string(Graph::kInput),
                               {.channels = 16, .kernel = 3, .padding = 1});
  value = add_batch_norm(graph, "bn1", value);
  value = graph.add_node("relu", Relu{}, {value});
  for (int stage = 1; stage <= 3; ++stage) {
    for (int block = 0; block < blocks; ++block) {
      value = add_block(graph, fmt::format("layer{}.{}", stage, block), value, 8 << stage,
                        stage > 1 && block == 0 ? 2 : 1);
    }
  }
  add_mean_and_linear(graph, "pool", "linear", value, classes);
  return graph;
}

}  // namespace

NetworkFamily cifar_resnets() {
  NetworkFamily family{{}, build};
  for (const int depth : kDepths) family.names.push_back(name_of(depth));
  return family;
}

}  // namespace pollard
