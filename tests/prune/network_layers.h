// The prunable weights of the paper's four networks, as shapes with the height (= width) of their
// outputs: enough for every allocation by shapes and for the theoretical speedup.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/networks.h"

namespace pollard::test {

struct LayerShape {
  Shape weight;
  std::int64_t output;  // pixels a side; 1 of a linear layer

  [[nodiscard]] std::int64_t multiply_adds() const {
    return element_count(weight) * output * output;
  }
};
using NetworkLayers = std::vector<LayerShape>;

inline std::vector<Shape> shapes_of(const NetworkLayers& layers) {
  std::vector<Shape> shapes;
  for (const LayerShape& layer : layers) shapes.push_back(layer.weight);
  return shapes;
}

inline NetworkLayers layers_of(std::string_view network, ImageShape input, std::int64_t classes) {
  const Graph graph = build_network(network, input, classes);
  NetworkLayers layers;
  for (const Node& node : graph.nodes()) {
    if (multiply_adds(graph, node) == 0) continue;
    const Shape& output = graph.shape(node.output);
    layers.push_back({graph.shape(node.inputs[1]), output.size() == 4 ? output[2] : 1});
  }
  return layers;
}

inline NetworkLayers resnet56_layers() { return layers_of("resnet56", {3, 32, 32}, 10); }
inline NetworkLayers wrn_28_10_layers() { return layers_of("wrn-28-10", {3, 32, 32}, 100); }
inline NetworkLayers vgg16_layers() { return layers_of("vgg16-bn", {3, 32, 32}, 10); }
inline NetworkLayers resnet50_layers() { return layers_of("resnet50", {3, 224, 224}, 1000); }

}  // namespace pollard::test
