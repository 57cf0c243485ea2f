#include "pollard/graph.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Graph convolution() {
  Graph graph("tiny", {2, 4, 4});
  graph.add_parameter({"conv.weight", {3, 2, 3, 3}, ParameterRole::Weight});
  graph.add_parameter({"conv.bias", {3}, ParameterRole::Bias});
  graph.add_parameter({"bn.scale", {3}, ParameterRole::Scale});
  graph.add_parameter({"bn.shift", {3}, ParameterRole::Shift});
  graph.add_parameter({"bn.mean", {3}, ParameterRole::RunningMean});
  graph.add_parameter({"bn.var", {3}, ParameterRole::RunningVariance});
  graph.add_node("conv", Conv{}, {"input", "conv.weight", "conv.bias"});
  graph.add_node("bn", BatchNormalization{}, {"conv", "bn.scale", "bn.shift", "bn.mean", "bn.var"});
  graph.add_node("flat", Flatten{}, {"bn"});
  graph.set_output("flat");
  return graph;
}

void expect_refused(const Error& error, const std::string& subject, const std::string& problem) {
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith(subject + ": "));
  EXPECT_THAT(error.what(), HasSubstr(problem));
}

TEST(Graph, KnowsItsShapesAndParameters) {
  const Graph graph = convolution();
  EXPECT_THAT(graph.shape("input"), ElementsAre(1, 2, 4, 4));
  EXPECT_THAT(graph.shape("bn"), ElementsAre(1, 3, 2, 2));
  EXPECT_THAT(graph.shape("conv.weight"), ElementsAre(3, 2, 3, 3));
  EXPECT_EQ(graph.classes(), 12);
  EXPECT_EQ(graph.prunable_weights(), 54);
  EXPECT_EQ(graph.parameter_count(), 54 + 3 + 6);
  ASSERT_EQ(graph.prunable_parameters().size(), 1U);
  EXPECT_EQ(graph.prunable_parameters()[0].name, "conv.weight");
  EXPECT_EQ(graph.nodes()[1].output, "bn");
  EXPECT_EQ(graph.find_parameter("bn"), nullptr);
}

TEST(Graph, CountsMultiplyAdds) {
  const Graph graph = convolution();
  EXPECT_EQ(multiply_adds(graph, graph.nodes()[0]), 3 * 2 * 9 * 4);
  EXPECT_EQ(multiply_adds(graph, graph.nodes()[1]), 0);
  EXPECT_EQ(multiply_adds(graph), 216);
}

TEST(Graph, NamesEveryOperatorAsOnnxDoes) {
  EXPECT_EQ(operator_name(Conv{}), "Conv");
  EXPECT_EQ(operator_name(BatchNormalization{}), "BatchNormalization");
  EXPECT_EQ(operator_name(Relu{}), "Relu");
  EXPECT_EQ(operator_name(Clip{}), "Clip");
  EXPECT_EQ(operator_name(Add{}), "Add");
  EXPECT_EQ(operator_name(MaxPool{}), "MaxPool");
  EXPECT_EQ(operator_name(AveragePool{}), "AveragePool");
  EXPECT_EQ(operator_name(GlobalAveragePool{}), "GlobalAveragePool");
  EXPECT_EQ(operator_name(Gemm{}), "Gemm");
  EXPECT_EQ(operator_name(Flatten{}), "Flatten");
  EXPECT_EQ(operator_name(Pad{}), "Pad");
  EXPECT_EQ(operator_name(Slice{}), "Slice");
  EXPECT_EQ(operator_name(Concat{}), "Concat");
  EXPECT_EQ(operator_name(Dropout{}), "Dropout");
  EXPECT_EQ(operator_name(Identity{}), "Identity");
}

TEST(Graph, RefusesNamesInUse) {
  Graph graph = convolution();
  const auto node = [&graph](const std::string& name) {
    return thrown_by([&] { graph.add_node(name, Relu{}, {"input"}); });
  };
  expect_refused(node("conv"), "conv", "in use");
  expect_refused(node("conv.weight"), "conv.weight", "in use");
  expect_refused(node("input"), "input", "in use");
  expect_refused(node(""), "tiny", "Relu node needs a name");
  const auto parameter = [&graph](const std::string& name) {
    return thrown_by([&] { graph.add_parameter({name, {1}, ParameterRole::Bias}); });
  };
  expect_refused(parameter("conv.weight"), "conv.weight", "in use");
  expect_refused(parameter("conv"), "conv", "in use");
  expect_refused(parameter(""), "tiny", "needs a name");
}

TEST(Graph, RefusesInputsThatDoNotFit) {
  Graph graph = convolution();
  const auto node = [&graph](Operator op, std::vector<std::string> inputs) {
    return thrown_by([&] { graph.add_node("n", std::move(op), std::move(inputs)); });
  };
  expect_refused(node(Relu{}, {"later"}), "n", "unknown input 'later'");
  expect_refused(node(Relu{}, {"conv.bias"}), "n", "must be a value, 'conv.bias' is a parameter");
  expect_refused(node(Conv{}, {"input", "conv.weight", "bn.scale"}), "n",
                 "with the role bias, 'bn.scale' is scale");
  expect_refused(node(BatchNormalization{}, {"conv", "bn.scale", "bn.shift", "bn.var", "bn.mean"}),
                 "n", "with the role running mean, 'bn.var' is running variance");
  graph.add_node("square", Flatten{}, {"input"});
  EXPECT_EQ(graph.nodes().size(), 4U) << "a refused node must leave no trace";
  graph.add_node("n", Relu{}, {"input"});
}

TEST(Graph, RefusesAValueWhereAWeightBelongs) {
  Graph graph("tiny", {1, 1, 1});
  graph.add_node("flat", Flatten{}, {"input"});
  expect_refused(thrown_by([&] {
                   graph.add_node("fc", Gemm{}, {"flat", "flat"});
                 }),
                 "fc", "with the role weight, 'flat' is a value");
}

TEST(Graph, RefusesImpossibleSizes) {
  expect_refused(thrown_by([] { Graph("net", {0, 4, 4}); }), "net", "impossible input");
  expect_refused(thrown_by([] { Graph("net", {1, -4, 4}); }), "net", "impossible input");
  constexpr std::int64_t large = 2'000'000'000;
  expect_refused(thrown_by([] { Graph("net", {large, large, large}); }), "net", "impossible");
  Graph graph = convolution();
  expect_refused(thrown_by([&] {
                   graph.add_parameter({"w", {3, 0}, ParameterRole::Weight});
                 }),
                 "w", "[3, 0]");
  expect_refused(thrown_by([&] {
                   graph.add_parameter({"w", {1LL << 40, 1LL << 40}, ParameterRole::Weight});
                 }),
                 "w", "impossible tensor shape");
}

TEST(Graph, TheOutputIsANodes) {
  Graph graph("net", {1, 2, 2});
  expect_refused(thrown_by([&] { (void)graph.classes(); }), "net", "no output");
  graph.add_parameter({"weight", {2, 4}, ParameterRole::Weight});
  expect_refused(thrown_by([&] { graph.set_output("weight"); }), "net", "'weight' is not");
  expect_refused(thrown_by([&] { graph.set_output("input"); }), "net", "'input' is not");
  graph.add_node("flatten", Flatten{}, {"input"});
  const Error error = thrown_by([&] { graph.set_output("flaten"); });
  expect_refused(error, "net", "no value 'flaten'");
  EXPECT_EQ(error.hint(), "did you mean 'flatten'?");
  graph.set_output("flatten");
  EXPECT_EQ(graph.classes(), 4);
}

}  // namespace
}  // namespace pollard
