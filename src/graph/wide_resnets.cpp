// Wide residual networks (Zagoruyko & Komodakis 2016): a convolution, three stages of (D - 4) / 6
// blocks with 16 K, 32 K and 64 K channels, batch norm, a linear layer. A block normalises first:
//
//   WRN-D-K, as in Back to Basics (arXiv            x -> bn -> relu -> conv -> dropout
//     2111.00843), with the parameter names of        -> bn -> relu -> conv/2 -> + shortcut of x
//     meliketoy/wide-resnet.pytorch
//
//   WRN-D-K-standard, with those of                 z = relu(bn(x))
//     xternalz/WideResNet-pytorch                   z -> conv/2 -> bn -> relu -> dropout
//                                                      -> conv -> + shortcut of z, or x
//
// So the first has its stride in the second convolution. It also has biases, dropout of 0.3 and a
// last batch norm that forgets fast: running = 0.1 running + 0.9 batch.

#include <fmt/format.h>

#include <array>

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

struct Width {
  const char* name;
  int depth, factor;
  bool standard;
};
constexpr std::array kNetworks{
    Width{"wrn-28-10", 28, 10, false}, Width{"wrn-28-10-standard", 28, 10, true},
    Width{"wrn-16-4", 16, 4, false}, Width{"wrn-16-4-standard", 16, 4, true},
    Width{"wrn-10-1", 10, 1, false}};

struct Block {
  std::string name, x;
  std::int64_t channels, stride;
  double dropout;
};

/// Whether the shortcut needs a convolution.
bool changes_shape(const Graph& graph, const Block& block) {
  return block.stride != 1 || graph.shape(block.x)[1] != block.channels;
}

std::string add_norm_and_relu(Graph& graph, const Block& block, int number, const std::string& x) {
  const std::string value = add_batch_norm(graph, fmt::format("{}.bn{}", block.name, number), x);
  return graph.add_node(fmt::format("{}.relu{}", block.name, number), Relu{}, {value});
}

std::string add_dropout_after(Graph& graph, const Block& block, const std::string& x) {
  return add_dropout(graph, block.name + ".dropout", x, block.dropout);
}

std::string add_paper_block(Graph& graph, const Block& block) {
  const auto conv = [&](const char* part, const std::string& x, ConvSettings settings) {
    settings.channels = block.channels;
    settings.bias = true;
    return add_conv(graph, block.name + part, x, settings);
  };
  std::string value = add_norm_and_relu(graph, block, 1, block.x);
  value = conv(".conv1", value, {.kernel = 3, .padding = 1});
  value = add_dropout_after(graph, block, value);
  value = add_norm_and_relu(graph, block, 2, value);
  value = conv(".conv2", value, {.kernel = 3, .stride = block.stride, .padding = 1});
  const std::string shortcut = changes_shape(graph, block)
                                   ? conv(".shortcut.0", block.x, {.stride = block.stride})
                                   : block.x;
  return graph.add_node(block.name + ".add", Add{}, {value, shortcut});
}

std::string add_standard_block(Graph& graph, const Block& block) {
  const auto conv = [&](const char* part, const std::string& x, ConvSettings settings) {
    settings.channels = block.channels;
    return add_conv(graph, block.name + part, x, settings);
  };
  const std::string first = add_norm_and_relu(graph, block, 1, block.x);
  std::string value = conv(".conv1", first, {.kernel = 3, .stride = block.stride, .padding = 1});
  value = add_norm_and_relu(graph, block, 2, value);
  value = add_dropout_after(graph, block, value);
  value = conv(".conv2", value, {.kernel = 3, .padding = 1});
  const std::string shortcut = changes_shape(graph, block)
                                   ? conv(".convShortcut", first, {.stride = block.stride})
                                   : block.x;
  return graph.add_node(block.name + ".add", Add{}, {value, shortcut});
}

Graph build(std::string_view name, ImageShape input, std::int64_t classes,
            const NetworkSettings& settings) {
  const auto& [_, depth, factor, standard] = layout_of(kNetworks, name);
  const double dropout = settings.dropout.value_or(standard ? 0 : 0.3);
  const double momentum = settings.last_momentum.value_or(standard ? 0.1 : 0.9);
  Graph graph(std::string(name), input);
  std::string value = add_conv(graph, "conv1", std::string(Graph::kInput),
                               {.channels = 16, .kernel = 3, .padding = 1, .bias = !standard});
  for (int stage = 1; stage <= 3; ++stage) {
    for (int i = 0; i < (depth - 4) / 6; ++i) {
      const Block block{standard ? fmt::format("block{}.layer.{}", stage, i)
                                 : fmt::format("layer{}.{}", stage, i),
                        value, (8 << stage) * factor, stage > 1 && i == 0 ? 2 : 1, dropout};
      value = standard ? add_standard_block(graph, block) : add_paper_block(graph, block);
    }
  }
  value = add_batch_norm(graph, "bn1", value, momentum);
  value = graph.add_node("relu", Relu{}, {value});
  add_mean_and_linear(graph, "pool", standard ? "fc" : "linear", value, classes);
  return graph;
}

}  // namespace

NetworkFamily wide_resnets() { return {names_of(kNetworks), build}; }

}  // namespace pollard
