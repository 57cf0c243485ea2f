// What compiling makes of a graph.
#include <gtest/gtest.h>

#include "exec/programs.h"
#include "pollard/networks.h"

namespace pollard {
namespace {

using test::channels_last;
using test::near;
using test::normal;
using test::Parameters;
using test::parameters_for;
using test::run;

const std::string kIn(Graph::kInput);

TEST(TorchProgramEffectiveWeights, AreAskedForWeightsOnly) {
  Graph graph = build_network("lenet5", {1, 28, 28}, 10);
  Parameters p = parameters_for(graph);
  std::vector<std::string> asked;
  const EffectiveWeights effective = [&](std::string_view name, const at::Tensor& weight) {
    asked.emplace_back(name);
    return weight;
  };
  (void)run(graph, normal({2, 1, 28, 28}, 1), p, {.effective = &effective});
  EXPECT_EQ(asked, (std::vector<std::string>{"conv1.weight", "conv2.weight", "fc1.weight",
                                             "fc2.weight", "fc3.weight"}));
}

/// A graph to add batch norms of 8 channels to; the input has 8.
struct NormGraph {
  Graph graph{"norms", {8, 5, 5}};

  std::string norm(const std::string& name, const std::string& x) {
    using enum ParameterRole;
    std::vector<std::string> inputs{x};
    for (const auto& [suffix, role] :
         {std::pair{".s", Scale}, {".b", Shift}, {".m", RunningMean}, {".v", RunningVariance}}) {
      inputs.push_back(name + suffix);
      graph.add_parameter({inputs.back(), {8}, role});
    }
    return graph.add_node(name, BatchNormalization{}, inputs);
  }
  std::string relu(const std::string& name, const std::string& x) {
    return graph.add_node(name, Relu{}, {x});
  }
  std::string add(const std::string& name, const std::string& x, const std::string& y) {
    return graph.add_node(name, Add{}, {x, y});
  }
  [[nodiscard]] std::size_t fused_count() const { return TorchProgram(graph).fused_count(); }

  /// Output, gradients and statistics after a training step.
  [[nodiscard]] Parameters step(at::ScalarType type, bool fused) const {
    Parameters p = parameters_for(graph);
    for (auto& [name, tensor] : p) {
      tensor = tensor.to(type);
      if (graph.find_parameter(name)->trainable()) tensor.set_requires_grad(true);
    }
    const at::Tensor x = channels_last(normal({4, 8, 5, 5}, 1).to(type)).set_requires_grad(true);
    const at::Tensor y = run(graph, x, p, {.training = true, .fused = fused});
    y.backward(channels_last(normal(y.sizes(), 2).to(type)));
    Parameters results{{"y", y}, {"gradient of x", x.grad()}};
    for (const auto& [name, tensor] : p) {
      results[name] = tensor.requires_grad() ? tensor.grad() : tensor;
    }
    return results;
  }

  /// Fused in float and unfused in double give the same.
  void expect_same(double tolerance = 1e-5) const {
    const Parameters fused = step(at::kFloat, true);
    for (const auto& [name, tensor] : step(at::kDouble, false)) {
      EXPECT_TRUE(near(fused.at(name), tensor, tolerance)) << name;
    }
  }
};

TEST(TorchProgramFusion, NormAndRelu) {
  NormGraph g;
  g.graph.set_output(g.relu("relu", g.norm("norm", kIn)));
  EXPECT_EQ(g.fused_count(), 1U);
  EXPECT_EQ(TorchProgram(g.graph).size(), 1U);
  g.expect_same();
}

TEST(TorchProgramFusion, NormAddAndReluOnEitherSide) {
  for (const bool norm_first : {true, false}) {
    NormGraph g;
    const std::string norm = g.norm("norm", kIn);
    const std::string add = norm_first ? g.add("add", norm, kIn) : g.add("add", kIn, norm);
    g.graph.set_output(g.relu("relu", add));
    EXPECT_EQ(g.fused_count(), 1U);
    EXPECT_EQ(TorchProgram(g.graph).size(), 1U);
    g.expect_same();
  }
}

TEST(TorchProgramFusion, OneOfTwoNormsThatFeedOneAdd) {
  NormGraph g;
  const std::string first = g.norm("first", kIn);
  const std::string second = g.norm("second", g.graph.add_node("clip", Clip{-1, 1}, {kIn}));
  g.graph.set_output(g.relu("relu", g.add("add", first, second)));
  EXPECT_EQ(g.fused_count(), 1U);
  EXPECT_EQ(TorchProgram(g.graph).size(), 3U);  // clip, one norm, the fused other
  g.expect_same();
}

TEST(TorchProgramFusion, ChainsOfResidualBlocks) {
  NormGraph g;
  std::string x = g.relu("relu0", g.norm("norm0", kIn));
  for (const std::string n : {"1", "2", "3"}) {
    const std::string inner = g.relu("inner" + n, g.norm("norma" + n, x));
    x = g.relu("relu" + n, g.add("add" + n, g.norm("normb" + n, inner), x));
  }
  g.graph.set_output(x);
  EXPECT_EQ(g.fused_count(), 7U);
  g.expect_same(2e-4);  // dead channels make it ill-conditioned: LibTorch's own error is 7e-4
}

// An Add hands one gradient to both its inputs: neither norm may write over it.
TEST(TorchProgramFusion, GradientsThatAreSharedStayAsTheyAre) {
  NormGraph g;
  const std::string left = g.relu("left", g.norm("norm1", kIn));
  const std::string right = g.relu("right", g.norm("norm2", kIn));
  g.graph.set_output(g.add("sum", left, right));
  EXPECT_EQ(g.fused_count(), 2U);
  g.expect_same();
}

TEST(TorchProgramFusion, OutputsWithOneTwoAndThreeReaders) {
  for (const int readers : {1, 2, 3}) {
    NormGraph g;
    const std::string y = g.relu("relu", g.norm("norm", kIn));
    std::string sum;
    for (int i = 0; i < readers; ++i) {
      const std::string n = std::to_string(i);
      const std::string residual = g.add("add" + n, g.norm("norm" + n, kIn), y);
      const std::string z = g.relu("relu" + n, residual);
      sum = i == 0 ? z : g.add("sum" + n, sum, z);
    }
    g.graph.set_output(sum);
    g.expect_same();
  }
}

TEST(TorchProgramFusion, NotWhereSomebodyElseReadsTheMiddle) {
  NormGraph two_readers;
  const std::string norm = two_readers.norm("norm", kIn);
  two_readers.graph.set_output(two_readers.add("add", two_readers.relu("relu", norm), norm));
  EXPECT_EQ(two_readers.fused_count(), 0U);
  two_readers.expect_same();

  NormGraph doubled;
  const std::string twice = doubled.norm("norm", kIn);
  doubled.graph.set_output(doubled.relu("relu", doubled.add("add", twice, twice)));
  EXPECT_EQ(doubled.fused_count(), 0U);
  doubled.expect_same();

  NormGraph sum_is_read;
  const std::string add = sum_is_read.add("add", sum_is_read.norm("norm", kIn), kIn);
  sum_is_read.graph.set_output(sum_is_read.add("end", sum_is_read.relu("relu", add), add));
  EXPECT_EQ(sum_is_read.fused_count(), 0U);
  sum_is_read.expect_same();

  NormGraph norm_is_output;
  const std::string output = norm_is_output.norm("norm", kIn);
  (void)norm_is_output.relu("relu", output);
  norm_is_output.graph.set_output(output);
  EXPECT_EQ(norm_is_output.fused_count(), 0U);
  norm_is_output.expect_same();

  NormGraph clipped;
  clipped.graph.set_output(clipped.graph.add_node("clip", Clip{0, 6}, {clipped.norm("norm", kIn)}));
  EXPECT_EQ(clipped.fused_count(), 0U);
}

TEST(TorchProgramFusion, OfTheResnets) {
  const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  const TorchProgram program(graph);
  EXPECT_EQ(program.fused_count(), 7U);  // the first, and two in each of three blocks
  EXPECT_EQ(program.size(), graph.nodes().size() - 4 * 1 - 3 * 2);
}

TEST(TorchProgramValues, LiveUntilTheirLastReader) {
  NormGraph g;
  const std::string relu = g.relu("relu", kIn);
  const std::string clip = g.graph.add_node("clip", Clip{0, 1}, {relu});
  (void)g.graph.add_node("unread", Identity{}, {clip});
  const std::string add = g.add("add", clip, relu);
  const std::string same = g.add("same", add, add);  // twice by one node
  g.graph.set_output(g.graph.add_node("concat", Concat{1}, {relu, same, kIn}));
  Parameters none;
  const at::Tensor x = normal({2, 8, 5, 5}, 1), r = at::relu(x);
  const at::Tensor expected = at::cat({r, 2 * (at::clamp(r, 0, 1) + r), x}, 1);
  EXPECT_TRUE(run(g.graph, x, none).equal(expected));
}

TEST(TorchProgramValues, OutputMayBeReadByOthers) {
  NormGraph g;
  const std::string relu = g.relu("relu", kIn);
  (void)g.graph.add_node("clip", Clip{0, 1}, {relu});
  g.graph.set_output(relu);
  Parameters none;
  const at::Tensor x = normal({2, 8, 5, 5}, 1);
  EXPECT_TRUE(run(g.graph, x, none).equal(at::relu(x)));
}

}  // namespace
}  // namespace pollard
