#include "speed/layers.h"

#include <gtest/gtest.h>

#include "graph/blocks.h"

namespace pollard {
namespace {

TEST(Crossing, LiesWhereLinesMeet) {
  // From a lead of 3 to a lag of 1: three quarters of the way from 0.2 to 0.4.
  const std::vector<DensityTimes> times{{0.1, 1, 6}, {0.2, 3, 6}, {0.4, 7, 6}, {0.5, 9, 6}};
  EXPECT_DOUBLE_EQ(crossing(times).value(), 0.35);
  EXPECT_DOUBLE_EQ(crossing(std::vector<DensityTimes>{{0.2, 6, 6}, {0.4, 8, 6}}).value(), 0.2);
}

TEST(Crossing, IsNotThereWhereOneSideAlwaysWins) {
  EXPECT_FALSE(crossing(std::vector<DensityTimes>{{0.1, 1, 6}, {0.8, 5, 6}}));
  EXPECT_FALSE(crossing(std::vector<DensityTimes>{{0.1, 7, 6}, {0.8, 9, 6}}));
  EXPECT_FALSE(crossing({}));
}

TEST(LayerShape, NamesWhatMakesLayersCostTheSame) {
  Graph graph("g", {4, 9, 8});
  std::string x = add_conv(graph, "a", "input", {.channels = 6, .kernel = 3, .padding = 1});
  x = add_conv(graph, "b", x, {.channels = 6, .kernel = 5, .stride = 2, .padding = 2, .groups = 3});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.set_output(add_linear(graph, "linear", x, 7));
  std::vector<std::string> shapes;
  for (const Node& node : graph.nodes()) {
    if (multiply_adds(graph, node) > 0) shapes.push_back(layer_shape(graph, node));
  }
  EXPECT_EQ(shapes, (std::vector<std::string>{"3x3 4-6 @9x8", "5x5 6-6 in 3 groups /2 @5x4",
                                              "linear 120-7"}));
}

}  // namespace
}  // namespace pollard
