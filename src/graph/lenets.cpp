// The two small networks of LeCun et al. 1998 as they are used today: a convolutional one and one
// of dense layers only. Parameter names and order are those of the usual code.

#include "graph/blocks.h"
#include "graph/families.h"

namespace pollard {
namespace {

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

Graph build(std::string_view name, ImageShape input, std::int64_t classes, const NetworkSettings&) {
  return name == "lenet5" ? build_lenet5(input, classes) : build_lenet_300_100(input, classes);
}

}  // namespace

NetworkFamily lenets() { return {{"lenet5", "lenet-300-100"}, build}; }

}  // namespace pollard
