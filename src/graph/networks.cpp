// The networks by name. Parameter names and order are those of akamaster/pytorch_resnet_cifar10 and
// of the usual LeNet code, so that their published weights fit.

#include "pollard/networks.h"

#include <fmt/format.h>

#include <array>

#include "core/nearest.h"
#include "graph/blocks.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// Depths 6n + 2. Not 50: that name belongs to the bottleneck network for ImageNet.
constexpr std::array kResnetDepths{8, 14, 20, 26, 32, 38, 44, 56, 110};

/// Two 3x3 convolutions and a shortcut around them.
std::string add_basic_block(Graph& graph, const std::string& name, const std::string& x,
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

/// He et al. 2016, section 4.2: three stages of n blocks, with 16, 32 and 64 channels.
Graph build_cifar_resnet(int depth, ImageShape input, std::int64_t classes) {
  Graph graph(fmt::format("resnet{}", depth), input);
  const int blocks = (depth - 2) / 6;
  std::string value = add_conv(graph, "conv1", std::string(Graph::kInput),
                               {.channels = 16, .kernel = 3, .padding = 1});
  value = add_batch_norm(graph, "bn1", value);
  value = graph.add_node("relu", Relu{}, {value});
  for (int stage = 1; stage <= 3; ++stage) {
    for (int block = 0; block < blocks; ++block) {
      value = add_basic_block(graph, fmt::format("layer{}.{}", stage, block), value, 8 << stage,
                              stage > 1 && block == 0 ? 2 : 1);
    }
  }
  value = graph.add_node("pool", GlobalAveragePool{}, {value});
  value = graph.add_node("flatten", Flatten{}, {value});
  graph.set_output(add_linear(graph, "linear", value, classes));
  return graph;
}

/// Two convolutions with pooling, three dense layers. Images smaller than the original's 32x32 are
/// padded to it by the first convolution.
Graph build_lenet5(ImageShape input, std::int64_t classes) {
  Graph graph("lenet5", input);
  const auto stage = [&](const std::string& number, const std::string& x, ConvSettings settings) {
    std::string value = add_conv(graph, "conv" + number, x, settings);
    value = graph.add_node("relu" + number, Relu{}, {value});
    return add_max_pool(graph, "pool" + number, value, 2, 2);
  };
  const std::int64_t padding = input.height < 32 ? 2 : 0;
  std::string value = stage("1", std::string(Graph::kInput),
                            {.channels = 6, .kernel = 5, .padding = padding, .bias = true});
  value = stage("2", value, {.channels = 16, .kernel = 5, .bias = true});
  value = graph.add_node("flatten", Flatten{}, {value});
  value = add_linear(graph, "fc1", value, 120);
  value = graph.add_node("relu3", Relu{}, {value});
  value = add_linear(graph, "fc2", value, 84);
  value = graph.add_node("relu4", Relu{}, {value});
  graph.set_output(add_linear(graph, "fc3", value, classes));
  return graph;
}

Graph build_lenet_300_100(ImageShape input, std::int64_t classes) {
  Graph graph("lenet-300-100", input);
  std::string value = graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
  value = add_linear(graph, "fc1", value, 300);
  value = graph.add_node("relu1", Relu{}, {value});
  value = add_linear(graph, "fc2", value, 100);
  value = graph.add_node("relu2", Relu{}, {value});
  graph.set_output(add_linear(graph, "fc3", value, classes));
  return graph;
}

}  // namespace

Graph build_network(std::string_view name, ImageShape input, std::int64_t classes) {
  if (classes < 1) {
    throw Error(ErrorCode::Config,
                fmt::format("{}: {} classes, expected at least 1", name, classes));
  }
  for (const int depth : kResnetDepths) {
    if (name == fmt::format("resnet{}", depth)) return build_cifar_resnet(depth, input, classes);
  }
  if (name == "lenet5") return build_lenet5(input, classes);
  if (name == "lenet-300-100") return build_lenet_300_100(input, classes);
  const std::vector<std::string> names = network_names();
  const std::string meant = nearest(name, names);
  throw Error(ErrorCode::Config, fmt::format("unknown network '{}'", name),
              meant.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                            : fmt::format("did you mean '{}'?", meant));
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const int depth : kResnetDepths) names.push_back(fmt::format("resnet{}", depth));
  names.insert(names.end(), {"lenet5", "lenet-300-100"});
  return names;
}

}  // namespace pollard
