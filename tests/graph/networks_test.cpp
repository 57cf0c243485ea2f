#include "pollard/networks.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The counts of a CIFAR ResNet with n blocks a stage, from He et al.'s table.
struct ResnetCounts {
  std::int64_t weights, trainable, layers, multiply_adds;

  explicit ResnetCounts(std::int64_t n, std::int64_t classes = 10) {
    const auto conv = [](std::int64_t in, std::int64_t out) { return in * out * 9; };
    const std::int64_t first = conv(3, 16), stage1 = 2 * n * conv(16, 16);
    const std::int64_t stage2 = conv(16, 32) + (2 * n - 1) * conv(32, 32);
    const std::int64_t stage3 = conv(32, 64) + (2 * n - 1) * conv(64, 64);
    weights = first + stage1 + stage2 + stage3 + 64 * classes;
    trainable = weights + classes + 2 * (16 + 2 * n * (16 + 32 + 64));
    layers = 6 * n + 2;
    multiply_adds = (first + stage1) * 32 * 32 + stage2 * 16 * 16 + stage3 * 8 * 8 + 64 * classes;
  }
};

TEST(Networks, CifarResnetsHaveThePublishedSizes) {
  const Graph resnet56 = build_network("resnet56", {3, 32, 32}, 10);
  EXPECT_EQ(resnet56.prunable_weights(), 848944);
  EXPECT_EQ(resnet56.parameter_count(), 853018);
  EXPECT_EQ(resnet56.prunable_parameters().size(), 56U);
  EXPECT_EQ(multiply_adds(resnet56), 125485696);
  EXPECT_EQ(build_network("resnet20", {3, 32, 32}, 10).prunable_weights(), 268336);
}

TEST(Networks, CifarResnetsOfEveryDepth) {
  for (const int depth : {8, 14, 20, 26, 32, 38, 44, 56, 110}) {
    SCOPED_TRACE(depth);
    const ResnetCounts expected((depth - 2) / 6, 100);
    const Graph graph = build_network("resnet" + std::to_string(depth), {3, 32, 32}, 100);
    EXPECT_EQ(graph.name(), "resnet" + std::to_string(depth));
    EXPECT_EQ(graph.prunable_weights(), expected.weights);
    EXPECT_EQ(graph.parameter_count(), expected.trainable);
    EXPECT_EQ(static_cast<std::int64_t>(graph.prunable_parameters().size()), expected.layers);
    EXPECT_EQ(multiply_adds(graph), expected.multiply_adds);
    EXPECT_EQ(graph.classes(), 100);
  }
}

TEST(Networks, CifarResnetIsWiredAsInThePaper) {
  const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) names.push_back(node.name);
  EXPECT_THAT(
      names, ElementsAre("conv1", "bn1", "relu", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu1",
                         "layer1.0.conv2", "layer1.0.bn2", "layer1.0.add", "layer1.0.relu2",
                         "layer2.0.conv1", "layer2.0.bn1", "layer2.0.relu1", "layer2.0.conv2",
                         "layer2.0.bn2", "layer2.0.shortcut.slice", "layer2.0.shortcut.pad",
                         "layer2.0.add", "layer2.0.relu2", "layer3.0.conv1", "layer3.0.bn1",
                         "layer3.0.relu1", "layer3.0.conv2", "layer3.0.bn2",
                         "layer3.0.shortcut.slice", "layer3.0.shortcut.pad", "layer3.0.add",
                         "layer3.0.relu2", "pool", "flatten", "linear"));
  EXPECT_THAT(graph.nodes()[8].inputs, ElementsAre("layer1.0.bn2", "relu"));
  EXPECT_THAT(graph.nodes()[17].inputs, ElementsAre("layer2.0.bn2", "layer2.0.shortcut.pad"));
  EXPECT_THAT(graph.nodes()[15].inputs, ElementsAre("layer1.0.relu2"));
  EXPECT_THAT(graph.shape("layer3.0.add"), ElementsAre(1, 64, 8, 8));
  EXPECT_EQ(graph.parameters().front().name, "conv1.weight");
  EXPECT_EQ(graph.parameters()[5].name, "layer1.0.conv1.weight");
  EXPECT_EQ(graph.parameters().back().name, "linear.bias");
}

TEST(Networks, CifarResnetTakesOtherImages) {
  const Graph small = build_network("resnet20", {1, 28, 28}, 10);
  EXPECT_EQ(small.prunable_weights(), 268336 - 2 * 9 * 16);
  EXPECT_THAT(small.shape("layer3.2.add"), ElementsAre(1, 64, 7, 7));
  EXPECT_THAT(build_network("resnet8", {3, 33, 29}, 10).shape("layer3.0.add"),
              ElementsAre(1, 64, 9, 8));
  EXPECT_THAT(build_network("resnet8", {3, 1, 1}, 2).shape("linear"), ElementsAre(1, 2));
}

TEST(Networks, Lenet5HasTheUsualSizes) {
  for (const ImageShape input : {ImageShape{1, 28, 28}, ImageShape{1, 32, 32}}) {
    const Graph graph = build_network("lenet5", input, 10);
    EXPECT_EQ(graph.parameter_count(), 61706);
    EXPECT_EQ(graph.prunable_weights(), 150 + 2400 + 48000 + 10080 + 840);
    EXPECT_EQ(multiply_adds(graph), 150 * 784 + 2400 * 100 + 48000 + 10080 + 840);
    EXPECT_THAT(graph.shape("pool2"), ElementsAre(1, 16, 5, 5));
  }
  const Graph graph = build_network("lenet5", {1, 28, 28}, 10);
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : graph.prunable_parameters())
    names.push_back(parameter.name);
  EXPECT_THAT(
      names, ElementsAre("conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight", "fc3.weight"));
}

TEST(Networks, LenetMlpHasTheUsualSizes) {
  const Graph graph = build_network("lenet-300-100", {1, 28, 28}, 10);
  EXPECT_EQ(graph.parameter_count(), 266610);
  EXPECT_EQ(graph.prunable_weights(), 266200);
  EXPECT_EQ(multiply_adds(graph), 266200);
}

TEST(Networks, EveryNameBuilds) {
  for (const std::string& name : network_names()) {
    EXPECT_EQ(build_network(name, {3, 32, 32}, 7).name(), name);
    EXPECT_EQ(build_network(name, {3, 32, 32}, 7).classes(), 7);
  }
}

TEST(Networks, RefusesUnknownNamesAndSizes) {
  const Error unknown = thrown_by([] { (void)build_network("resnet200", {3, 32, 32}, 10); });
  EXPECT_EQ(unknown.code(), ErrorCode::Config);
  EXPECT_STREQ(unknown.what(), "unknown network 'resnet200'");
  EXPECT_EQ(unknown.hint(), "did you mean 'resnet20'?");
  const Error far = thrown_by([] { (void)build_network("transformer", {3, 32, 32}, 10); });
  EXPECT_THAT(far.hint(), HasSubstr("lenet5"));
  EXPECT_EQ(thrown_by([] {
              (void)build_network("resnet8", {3, 32, 32}, 0);
            }).code(),
            ErrorCode::Config);
  const Error small = thrown_by([] { (void)build_network("lenet5", {1, 8, 8}, 10); });
  EXPECT_EQ(small.code(), ErrorCode::Input);
  EXPECT_THAT(small.what(), StartsWith("conv2: "));
}

}  // namespace
}  // namespace pollard
