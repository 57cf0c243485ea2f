// Golden values: Philox and the two formulas computed in Python from the same addresses, with the
// names' hashes from the xxHash library.

#include <gmock/gmock.h>

#include <cmath>

#include "graph/blocks.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::Each;
using ::testing::HasSubstr;

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

Moments moments(std::span<const float> values) {
  Moments result;
  double squares = 0;
  for (const float value : values) {
    result.mean += value;
    squares += static_cast<double>(value) * value;
    result.largest = std::max<double>(result.largest, std::abs(value));
  }
  const auto count = static_cast<double>(values.size());
  result.mean /= count;
  result.deviation = std::sqrt(squares / count - result.mean * result.mean);
  return result;
}

TEST(Initialize, AgreesWithPython) {
  struct Golden {
    const char* name;
    std::size_t index;
    float pytorch, kaiming;
  };
  constexpr Golden golden[] = {
      {"conv1.weight", 0, 0x1.d935a2p-4F, 0.4695181F},
      {"conv1.weight", 1, -0x1.671fdcp-3F, 0.3439968F},
      {"conv1.weight", 2, 0x1.0d0764p-5F, -0.02395684F},
      {"conv1.weight", 431, -0x1.23bf6ep-5F, 0.3693293F},
      {"layer3.0.conv2.weight", 0, -0x1.393dap-5F, -0.01607427F},
      {"layer3.0.conv2.weight", 1023, 0x1.bcd516p-7F, 0.01081718F},
      {"layer3.0.conv2.weight", 1024, -0x1.b1cd4p-6F, 0.03410239F},
      {"layer3.0.conv2.weight", 36863, 0x1.f65dp-6F, -0.03073736F},
      {"linear.bias", 0, -0x1.8295e4p-4F, 0.0F},
      {"linear.bias", 9, 0x1.61e28p-7F, 0.0F},
  };
  const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  const TensorMap pytorch = initialize(graph, 7, Initialization::Pytorch);
  const TensorMap kaiming = initialize(graph, 7, Initialization::Kaiming);
  for (const Golden& value : golden) {
    SCOPED_TRACE(testing::Message() << value.name << " " << value.index);
    EXPECT_EQ(pytorch.at(value.name).f32()[value.index], value.pytorch);
    EXPECT_NEAR(kaiming.at(value.name).f32()[value.index], value.kaiming, 1e-6);
  }
}

TEST(Initialize, PytorchWeightsAreUniformUpToTheBound) {
  const Graph graph = build_network("lenet5", {1, 28, 28}, 10);
  const TensorMap state = initialize(graph, 1, Initialization::Pytorch);
  const double fc1 = 1 / std::sqrt(400.0);
  const Moments weight = moments(state.at("fc1.weight").f32());
  EXPECT_LE(weight.largest, fc1);
  EXPECT_GT(weight.largest, 0.999 * fc1);
  EXPECT_NEAR(weight.mean, 0, 4 * fc1 / std::sqrt(3.0 * 48000));
  EXPECT_NEAR(weight.deviation, fc1 / std::sqrt(3.0), 0.01 * fc1);
  const Moments bias = moments(state.at("fc1.bias").f32());
  EXPECT_LE(bias.largest, fc1);
  EXPECT_GT(bias.largest, 0.9 * fc1);
  EXPECT_LE(moments(state.at("conv2.bias").f32()).largest, 1 / std::sqrt(150.0));
  EXPECT_GT(moments(state.at("conv2.weight").f32()).largest, 0.99 / std::sqrt(150.0));
}

TEST(Initialize, KaimingWeightsAreNormal) {
  const Graph graph = build_network("resnet20", {3, 32, 32}, 10);
  const TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  const double expected = std::sqrt(2.0 / 576);
  const Moments weight = moments(state.at("layer3.1.conv1.weight").f32());
  EXPECT_NEAR(weight.mean, 0, 4 * expected / std::sqrt(36864.0));
  EXPECT_NEAR(weight.deviation, expected, 0.02 * expected);
  EXPECT_GT(weight.largest, 3 * expected);
  EXPECT_THAT(state.at("linear.bias").f32(), Each(0.0F));
}

TEST(Initialize, GroupsCountInFanIn) {
  Graph graph("net", {64, 8, 8});
  add_conv(graph, "depthwise", "input",
           {.channels = 64, .kernel = 3, .padding = 1, .groups = 64, .bias = true});
  const TensorMap state = initialize(graph, 1, Initialization::Pytorch);
  EXPECT_LE(moments(state.at("depthwise.weight").f32()).largest, 1.0 / 3);
  EXPECT_GT(moments(state.at("depthwise.weight").f32()).largest, 0.9 / 3);
  EXPECT_GT(moments(state.at("depthwise.bias").f32()).largest, 0.8 / 3);
}

// The same draws as the two golden schemes, so their values tell the scale.
void expect_scaled(const TensorMap& state, const TensorMap& of, const std::string& name,
                   double factor) {
  const auto values = state.at(name).f32(), others = of.at(name).f32();
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], factor * others[i], 1e-6 * std::abs(values[i])) << name << " " << i;
}

TEST(Initialize, ConvolutionsByOutputsOrByBothFans) {
  Graph graph("net", {8, 6, 6});
  add_conv(graph, "conv", "input", {.channels = 24, .kernel = 3, .bias = true});
  add_conv(graph, "depthwise", "conv", {.channels = 24, .kernel = 3, .groups = 24, .bias = true});
  add_linear(graph, "fc", graph.add_node("flatten", Flatten{}, {"depthwise"}), 7);
  const TensorMap pytorch = initialize(graph, 1, Initialization::Pytorch);
  const TensorMap kaiming = initialize(graph, 1, Initialization::Kaiming);
  const TensorMap outputs = initialize(graph, 1, Initialization::KaimingFanOut);
  const TensorMap xavier = initialize(graph, 1, Initialization::Xavier);
  // fan_in 72 and 9, fan_out 216: PyTorch counts the outputs of all groups.
  expect_scaled(outputs, kaiming, "conv.weight", std::sqrt(72 / 216.0));
  expect_scaled(outputs, kaiming, "depthwise.weight", std::sqrt(9 / 216.0));
  expect_scaled(xavier, pytorch, "conv.weight", std::sqrt(72 * 12 / 288.0));
  expect_scaled(xavier, pytorch, "depthwise.weight", std::sqrt(9 * 12 / 225.0));
  for (const TensorMap* state : {&outputs, &xavier}) {
    EXPECT_THAT(state->at("conv.bias").f32(), Each(0.0F));
    EXPECT_THAT(state->at("depthwise.bias").f32(), Each(0.0F));
    EXPECT_EQ(state->at("fc.weight"), pytorch.at("fc.weight"));
    EXPECT_EQ(state->at("fc.bias"), pytorch.at("fc.bias"));
  }
}

TEST(Initialize, SchemesHaveNames) {
  EXPECT_EQ(initialization_names(),
            (std::vector<std::string>{"pytorch", "kaiming", "kaiming-fan-out", "xavier"}));
  EXPECT_EQ(initialization_of("kaiming-fan-out"), Initialization::KaimingFanOut);
  const Error error = thrown_by([] { (void)initialization_of("he"); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.hint(), HasSubstr("kaiming-fan-out"));
}

TEST(Initialize, BatchNormStartsAsIdentity) {
  const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  for (const std::string& name : initialization_names()) {
    const Initialization scheme = initialization_of(name);
    const TensorMap state = initialize(graph, 3, scheme);
    EXPECT_EQ(state.size(), graph.parameters().size());
    EXPECT_THAT(state.at("bn1.weight").f32(), Each(1.0F));
    EXPECT_THAT(state.at("bn1.bias").f32(), Each(0.0F));
    EXPECT_THAT(state.at("bn1.running_mean").f32(), Each(0.0F));
    EXPECT_THAT(state.at("bn1.running_var").f32(), Each(1.0F));
  }
}

TEST(Initialize, ValuesDependOnNameAndSeedOnly) {
  const auto scheme = Initialization::Pytorch;
  const TensorMap small = initialize(build_network("resnet8", {3, 32, 32}, 10), 5, scheme);
  const TensorMap large = initialize(build_network("resnet20", {3, 32, 32}, 10), 5, scheme);
  for (const auto& [name, tensor] : small) EXPECT_EQ(tensor, large.at(name)) << name;
  EXPECT_NE(large.at("layer1.0.conv1.weight"), large.at("layer1.0.conv2.weight"));
  const TensorMap other = initialize(build_network("resnet8", {3, 32, 32}, 10), 6, scheme);
  EXPECT_NE(small.at("conv1.weight"), other.at("conv1.weight"));
}

TEST(Initialize, RefusesParametersWithoutFanIn) {
  Graph graph("net", {1, 1, 1});
  graph.add_parameter({"lonely.bias", {3}, ParameterRole::Bias});
  EXPECT_THAT(thrown_by([&] { (void)initialize(graph, 1, Initialization::Pytorch); }).what(),
              HasSubstr("lonely.bias"));
  Graph flat("net", {1, 1, 1});
  flat.add_parameter({"flat.weight", {3}, ParameterRole::Weight});
  EXPECT_THAT(thrown_by([&] { (void)initialize(flat, 1, Initialization::Kaiming); }).what(),
              HasSubstr("flat.weight"));
}

}  // namespace
}  // namespace pollard
