// The blocks of the larger networks. Shapes of the bottleneck are those that PyTorch gives for the
// same modules.

#include "graph/blocks.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Blocks, BottleneckDepthwiseAndPoolingAsInPytorch) {
  Graph graph("bottleneck", {3, 57, 43});
  add_conv(graph, "conv1", "input", {.channels = 64, .kernel = 7, .stride = 2, .padding = 3});
  graph.add_node("pool", MaxPool{{3, 3}, {2, 2}, {1, 1, 1, 1}, true}, {"conv1"});
  add_conv(graph, "c1", "pool", {.channels = 32});
  add_conv(graph, "c2", "c1", {.channels = 32, .kernel = 3, .stride = 2, .padding = 1});
  add_conv(graph, "c3", "c2", {.channels = 128});
  add_conv(graph, "downsample", "pool", {.channels = 128, .stride = 2});
  graph.add_node("add", Add{}, {"c3", "downsample"});
  graph.add_node("dropout", Dropout{0.3}, {"add"});
  add_conv(graph, "depthwise", "dropout",
           {.channels = 128, .kernel = 3, .padding = 1, .groups = 128, .bias = true});
  graph.add_node("slice", Slice{{0}, {1000}, {1}, {3}}, {"depthwise"});
  graph.add_node("concat", Concat{1}, {"depthwise", "slice"});
  graph.add_node("pad", Pad{{0, 1, 0, 0, 0, 2, 0, 0}, 0}, {"concat"});
  graph.add_node("average", AveragePool{{3, 3}, {2, 2}, {1, 1, 1, 1}, true, true}, {"pad"});
  EXPECT_THAT(graph.shape("conv1"), ElementsAre(1, 64, 29, 22));
  EXPECT_THAT(graph.shape("pool"), ElementsAre(1, 64, 15, 12));
  EXPECT_THAT(graph.shape("c1"), ElementsAre(1, 32, 15, 12));
  EXPECT_THAT(graph.shape("c2"), ElementsAre(1, 32, 8, 6));
  EXPECT_THAT(graph.shape("downsample"), ElementsAre(1, 128, 8, 6));
  EXPECT_THAT(graph.shape("add"), ElementsAre(1, 128, 8, 6));
  EXPECT_THAT(graph.shape("depthwise"), ElementsAre(1, 128, 8, 6));
  EXPECT_THAT(graph.shape("concat"), ElementsAre(1, 171, 8, 6));
  EXPECT_THAT(graph.shape("pad"), ElementsAre(1, 174, 8, 6));
  EXPECT_THAT(graph.shape("average"), ElementsAre(1, 174, 5, 4));
  EXPECT_THAT(graph.shape("depthwise.weight"), ElementsAre(128, 1, 3, 3));
  EXPECT_EQ(graph.find_parameter("depthwise.bias")->role, ParameterRole::Bias);
  EXPECT_EQ(graph.find_parameter("c1.bias"), nullptr);
  const auto cost = [&graph](std::string_view name) {
    for (const Node& node : graph.nodes()) {
      if (node.name == name) return multiply_adds(graph, node);
    }
    return std::int64_t{-1};
  };
  EXPECT_EQ(cost("depthwise"), 128 * 9 * 8 * 6) << "a channel sees its group only";
  EXPECT_EQ(cost("downsample"), 128 * 64 * 8 * 6);
  EXPECT_EQ(cost("conv1"), 64 * 3 * 49 * 29 * 22);
}

TEST(Blocks, BatchNormNamesItsParametersAsPytorchDoes) {
  Graph graph("net", {5, 4, 4});
  EXPECT_EQ(add_batch_norm(graph, "bn", "input"), "bn");
  using enum ParameterRole;
  ASSERT_EQ(graph.parameters().size(), 4U);
  EXPECT_EQ(graph.find_parameter("bn.weight")->role, Scale);
  EXPECT_EQ(graph.find_parameter("bn.bias")->role, Shift);
  EXPECT_EQ(graph.find_parameter("bn.running_mean")->role, RunningMean);
  EXPECT_EQ(graph.find_parameter("bn.running_var")->role, RunningVariance);
  EXPECT_THAT(graph.nodes()[0].inputs,
              ElementsAre("input", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"));
}

TEST(Blocks, OptionAShortcutSlicesAndPads) {
  Graph graph("net", {16, 7, 9});
  EXPECT_EQ(add_option_a_shortcut(graph, "s", "input", 32, 2), "s.pad");
  EXPECT_THAT(graph.shape("s.slice"), ElementsAre(1, 16, 4, 5));
  EXPECT_THAT(graph.shape("s.pad"), ElementsAre(1, 32, 4, 5));
  EXPECT_THAT(std::get<Pad>(graph.nodes()[1].op).pads, ElementsAre(0, 8, 0, 0, 0, 8, 0, 0));
  EXPECT_TRUE(graph.parameters().empty());
  EXPECT_EQ(add_option_a_shortcut(graph, "same", "input", 16, 1), "input");
  EXPECT_EQ(graph.nodes().size(), 2U);
  const Error error = thrown_by([&] { add_option_a_shortcut(graph, "less", "input", 8, 1); });
  EXPECT_THAT(error.what(), HasSubstr("less: a shortcut can add channels"));
}

TEST(Blocks, RefuseInputsOfAnotherRank) {
  Graph graph("net", {4, 2, 2});
  EXPECT_THAT(thrown_by([&] { add_linear(graph, "fc", "input", 2); }).what(),
              HasSubstr("fc: 'input' must have 2 dimensions"));
  EXPECT_THAT(
      thrown_by([&] { add_conv(graph, "c", "input", {.channels = 4, .groups = 3}); }).what(),
      HasSubstr("c: 4 input channels cannot be split into 3 groups"));
  EXPECT_THAT(thrown_by([&] { add_conv(graph, "c", "input", {.channels = 0}); }).what(),
              HasSubstr("c.weight: a parameter cannot have shape [0, 4, 1, 1]"));
}

}  // namespace
}  // namespace pollard
