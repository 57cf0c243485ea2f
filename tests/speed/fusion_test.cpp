#include "speed/fusion.h"

#include <gtest/gtest.h>

#include "graph/blocks.h"

namespace pollard {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// "conv2(relu1)+pad -> relu2" for each step, with the bounds where it clips.
std::vector<std::string> written(const FusedSteps& fused) {
  std::vector<std::string> lines;
  for (const FusedStep& step : fused.steps) {
    std::string line = step.node->name + "(";
    for (const std::string& input : step.inputs) line += (line.back() == '(' ? "" : ",") + input;
    line += ")";
    if (!step.residual.empty()) line += "+" + step.residual;
    if (step.output != step.node->name) line += " -> " + step.output;
    if (step.low == 0 && step.high == kInfinity) line += " relu";
    if (step.high < kInfinity) line += " clip";
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

std::string conv(Graph& graph, const std::string& name, const std::string& x) {
  return add_conv(graph, name, x, {.channels = 2, .kernel = 3, .padding = 1});
}

TEST(Fusion, TakesAdditionAndReluIntoTheConvolutionThatEndsTheBlock) {
  Graph graph("g", {2, 8, 8});
  std::string x = graph.add_node("relu0", Relu{}, {conv(graph, "a", "input")});
  std::string y = graph.add_node("relu1", Relu{}, {conv(graph, "b", x)});
  y = conv(graph, "c", y);
  y = graph.add_node("add", Add{}, {y, x});
  y = graph.add_node("clip", Clip{0, 6}, {y});
  graph.set_output(y);
  const FusedSteps fused = fuse_steps(graph);
  EXPECT_EQ(written(fused), (Lines{"a(input) -> relu0 relu", "b(relu0) -> relu1 relu",
                                   "c(relu1)+relu0 -> clip clip"}));
  EXPECT_EQ(fused.output, "clip");
}

// The first convolution could take the sum as well, but only once the other is there.
TEST(Fusion, MovesAStepToWhereItsResidualIs) {
  Graph graph("g", {2, 8, 8});
  const std::string a = conv(graph, "a", "input");
  const std::string b = graph.add_node("max", MaxPool{{3, 3}, {1, 1}, {1, 1, 1, 1}}, {"input"});
  graph.set_output(graph.add_node("add", Add{}, {a, b}));
  EXPECT_EQ(written(fuse_steps(graph)), (Lines{"max(input)", "a(input)+max -> add"}));
}

TEST(Fusion, LeavesWhatOthersReadAsItIs) {
  Graph graph("g", {2, 8, 8});
  const std::string a = conv(graph, "a", "input");
  const std::string r = graph.add_node("relu", Relu{}, {a});
  const std::string s = graph.add_node("add", Add{}, {a, r});
  graph.set_output(graph.add_node("twice", Add{}, {s, s}));
  EXPECT_EQ(written(fuse_steps(graph)),
            (Lines{"a(input)", "relu(a) relu", "add(a,relu)", "twice(add,add)"}));
}

TEST(Fusion, OfTwoActivationsTakesOne) {
  Graph graph("g", {2, 8, 8});
  std::string x = graph.add_node("relu", Relu{}, {conv(graph, "a", "input")});
  graph.set_output(graph.add_node("clip", Clip{-1, 1}, {x}));
  EXPECT_EQ(written(fuse_steps(graph)), (Lines{"a(input) -> relu relu", "clip(relu) clip"}));
}

TEST(Fusion, LooksThroughDropoutIdentityAndFlatten) {
  Graph graph("g", {2, 8, 8});
  std::string x = conv(graph, "a", "input");
  x = graph.add_node("same", Identity{}, {x});
  x = graph.add_node("relu", Relu{}, {x});
  x = graph.add_node("drop", Dropout{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.set_output(graph.add_node("end", Identity{}, {add_linear(graph, "linear", x, 3)}));
  const FusedSteps fused = fuse_steps(graph);
  EXPECT_EQ(written(fused), (Lines{"a(input) -> relu relu", "linear(relu)"}));
  EXPECT_EQ(fused.output, "linear");
}

}  // namespace
}  // namespace pollard
