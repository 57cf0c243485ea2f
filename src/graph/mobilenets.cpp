// MobileNetV2 (Sandler et al. 2018, table 2), as torchvision builds and names it. A block expands
// its channels t times, filters each by itself and projects them, with no ReLU after that; where
// the shape stays, its input is added:
//
//   x -> [conv 1x1 to t c -> bn -> relu6, where t > 1] -> depthwise 3x3/s -> bn -> relu6
//     -> conv 1x1 -> bn -> [+ x]
//
// Around the blocks stand a convolution 3x3/2 and one 1x1, the mean, dropout of 0.2 and a linear
// layer.

#include <fmt/format.h>

#include <array>

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

struct Run {
  std::int64_t expansion, channels, blocks, stride;  // the stride of its first block
};
constexpr std::array kRuns{Run{1, 16, 1, 1}, Run{6, 24, 2, 2},  Run{6, 32, 3, 2}, Run{6, 64, 4, 2},
                           Run{6, 96, 3, 1}, Run{6, 160, 3, 2}, Run{6, 320, 1, 1}};

/// NAME.0 the convolution, NAME.1 its batch norm, NAME.2 the ReLU6.
std::string add_conv_unit(Graph& graph, const std::string& name, const std::string& x,
                          const ConvSettings& settings) {
  const std::string conv = add_conv(graph, name + ".0", x, settings);
  const std::string norm = add_batch_norm(graph, name + ".1", conv);
  return graph.add_node(name + ".2", Clip{0, 6}, {norm});
}

std::string add_block(Graph& graph, const std::string& name, const std::string& x,
                      std::int64_t expansion, std::int64_t channels, std::int64_t stride) {
  const std::int64_t inputs = graph.shape(x)[1], hidden = inputs * expansion;
  int number = 0;
  const auto next_name = [&] { return fmt::format("{}.conv.{}", name, number++); };
  std::string value = x;
  if (expansion != 1) value = add_conv_unit(graph, next_name(), value, {.channels = hidden});
  value = add_conv_unit(
      graph, next_name(), value,
      {.channels = hidden, .kernel = 3, .stride = stride, .padding = 1, .groups = hidden});
  value = add_conv(graph, next_name(), value, {.channels = channels});
  value = add_batch_norm(graph, next_name(), value);
  if (stride != 1 || inputs != channels) return value;
  return graph.add_node(name + ".add", Add{}, {x, value});
}

Graph build(std::string_view name, ImageShape input, std::int64_t classes,
            const NetworkSettings& settings) {
  Graph graph(std::string(name), input);
  std::string value = add_conv_unit(graph, "features.0", std::string(Graph::kInput),
                                    {.channels = 32, .kernel = 3, .stride = 2, .padding = 1});
  int number = 1;
  for (const Run& run : kRuns) {
    for (std::int64_t block = 0; block < run.blocks; ++block) {
      value = add_block(graph, fmt::format("features.{}", number++), value, run.expansion,
                        run.channels, block == 0 ? run.stride : 1);
    }
  }
  value = add_conv_unit(graph, fmt::format("features.{}", number), value, {.channels = 1280});
  value = graph.add_node("pool", GlobalAveragePool{}, {value});
  value = graph.add_node("flatten", Flatten{}, {value});
  value = add_dropout(graph, "classifier.0", value, settings.dropout.value_or(0.2));
  graph.set_output(add_linear(graph, "classifier.1", value, classes));
  return graph;
}

}  // namespace

NetworkFamily mobilenets() { return {{"mobilenet-v2"}, build}; }

}  // namespace pollard
