#include "pollard/networks.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <variant>

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

std::vector<std::string> nodes_with(const Graph& graph, std::string_view prefix) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) {
    if (node.name.starts_with(prefix)) names.push_back(node.name.substr(prefix.size()));
  }
  return names;
}

const Node& node_of(const Graph& graph, std::string_view name) {
  for (const Node& node : graph.nodes()) {
    if (node.name == name) return node;
  }
  throw std::runtime_error("no node " + std::string(name));
}

template <typename Op>
const Op& op_of(const Graph& graph, std::string_view name) {
  return std::get<Op>(node_of(graph, name).op);
}

// He et al. 2016, Zagoruyko & Komodakis 2016, torchvision's documentation and fvcore's counts.
TEST(Networks, HaveThePublishedSizes) {
  struct Size {
    const char* name;
    std::int64_t side, classes, parameters, weights;
    std::size_t layers;
    std::int64_t multiply_adds;
  };
  for (const Size& size :
       {Size{"resnet56", 32, 10, 853'018, 848'944, 56, 125'485'696},
        Size{"wrn-28-10", 32, 100, 36'546'980, 36'518'832, 29, 5'951'175'168},
        Size{"wrn-28-10-standard", 32, 10, 36'479'194, 36'461'232, 29, 5'243'328'768},
        Size{"wrn-28-10-standard", 32, 100, 36'536'884, 36'518'832, 29, 5'243'386'368},
        Size{"wrn-16-4", 32, 10, 2'751'146, 2'745'264, 17, 505'858'560},
        Size{"wrn-10-1", 32, 10, 78'186, 77'360, 10, 19'579'520},
        Size{"wrn-16-4-standard", 32, 10, 2'748'890, 2'745'264, 17, 392'612'352},
        Size{"vgg16-bn", 32, 10, 14'728'266, 14'715'584, 14, 313'201'664},
        Size{"resnet18", 224, 1000, 11'689'512, 11'678'912, 21, 1'814'073'344},
        Size{"resnet34", 224, 1000, 21'797'672, 21'779'648, 37, 3'663'761'408},
        Size{"resnet50", 224, 1000, 25'557'032, 25'502'912, 54, 4'089'184'256},
        Size{"mobilenet-v2", 224, 1000, 3'504'872, 3'469'760, 53, 300'774'272}}) {
    SCOPED_TRACE(size.name);
    const Graph graph = build_network(size.name, {3, size.side, size.side}, size.classes);
    EXPECT_EQ(graph.parameter_count(), size.parameters);
    EXPECT_EQ(graph.prunable_weights(), size.weights);
    EXPECT_EQ(graph.prunable_parameters().size(), size.layers);
    EXPECT_EQ(multiply_adds(graph), size.multiply_adds);
  }
}

TEST(Networks, WideResnetsAsThePaperHasThem) {
  const Graph graph = build_network("wrn-16-4", {3, 32, 32}, 10);
  EXPECT_THAT(nodes_with(graph, "layer2.0."), ElementsAre("bn1", "relu1", "conv1", "dropout", "bn2",
                                                          "relu2", "conv2", "shortcut.0", "add"));
  EXPECT_THAT(nodes_with(graph, "layer1.1."),
              ElementsAre("bn1", "relu1", "conv1", "dropout", "bn2", "relu2", "conv2", "add"));
  EXPECT_EQ(op_of<Conv>(graph, "layer2.0.conv1").strides[0], 1);
  EXPECT_EQ(op_of<Conv>(graph, "layer2.0.conv2").strides[0], 2);
  EXPECT_EQ(op_of<Conv>(graph, "layer2.0.shortcut.0").strides[0], 2);
  EXPECT_EQ(op_of<Conv>(graph, "layer1.0.shortcut.0").strides[0], 1);
  EXPECT_EQ(node_of(graph, "layer2.0.shortcut.0").inputs[0], "layer1.1.add");
  EXPECT_EQ(node_of(graph, "layer1.1.add").inputs[1], "layer1.0.add");
  for (const char* bias : {"conv1", "layer2.0.conv1", "layer2.0.conv2", "layer2.0.shortcut.0"})
    EXPECT_NE(graph.find_parameter(std::string(bias) + ".bias"), nullptr) << bias;
  EXPECT_EQ(op_of<Dropout>(graph, "layer3.1.dropout").ratio, 0.3);
  EXPECT_EQ(op_of<BatchNormalization>(graph, "bn1").momentum, 0.1);
  EXPECT_EQ(op_of<BatchNormalization>(graph, "layer3.1.bn2").momentum, 0.9);
  EXPECT_EQ(graph.parameters().back().name, "linear.bias");
}

TEST(Networks, WideResnetsAsTheirAuthorsHaveThem) {
  const Graph graph = build_network("wrn-16-4-standard", {3, 32, 32}, 10);
  EXPECT_THAT(nodes_with(graph, "block2.layer.0."),
              ElementsAre("bn1", "relu1", "conv1", "bn2", "relu2", "conv2", "convShortcut", "add"));
  EXPECT_EQ(op_of<Conv>(graph, "block2.layer.0.conv1").strides[0], 2);
  EXPECT_EQ(op_of<Conv>(graph, "block2.layer.0.conv2").strides[0], 1);
  EXPECT_EQ(node_of(graph, "block2.layer.0.convShortcut").inputs[0], "block2.layer.0.relu1");
  EXPECT_EQ(node_of(graph, "block2.layer.1.add").inputs[1], "block2.layer.0.add");
  EXPECT_EQ(graph.find_parameter("conv1.bias"), nullptr);
  EXPECT_EQ(op_of<BatchNormalization>(graph, "bn1").momentum, 0.9);
  EXPECT_EQ(graph.parameters().back().name, "fc.bias");
}

TEST(Networks, TakeSettings) {
  const ImageShape input{3, 32, 32};
  Graph graph = build_network("wrn-16-4", input, 10, {.dropout = 0.0, .last_momentum = 0.25});
  EXPECT_THAT(nodes_with(graph, "layer1.0.dropout"), ElementsAre());
  EXPECT_EQ(op_of<BatchNormalization>(graph, "bn1").momentum, 0.75);
  graph = build_network("wrn-16-4-standard", input, 10, {.dropout = 0.5});
  EXPECT_EQ(op_of<Dropout>(graph, "block1.layer.0.dropout").ratio, 0.5);
  EXPECT_EQ(node_of(graph, "block1.layer.0.dropout").inputs[0], "block1.layer.0.relu2");
  graph = build_network("mobilenet-v2", input, 10, {.dropout = 0.0});
  EXPECT_THAT(nodes_with(graph, "classifier"), ElementsAre(".1"));
  const Error error =
      thrown_by([&] { (void)build_network("wrn-16-4", input, 10, {.dropout = 1}); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("layer1.0.dropout: ratio must be in [0, 1)"));
}

// torchvision's numbers, of features.0 to features.43.
TEST(Networks, VggIsNumberedAsInTorchvision) {
  const Graph graph = build_network("vgg16-bn", {3, 32, 32}, 10);
  EXPECT_THAT(nodes_with(graph, "features.").size(), 44U);
  EXPECT_THAT(graph.shape("features.40.weight"), ElementsAre(512, 512, 3, 3));
  EXPECT_THAT(graph.shape("features.41.running_var"), ElementsAre(512));
  EXPECT_THAT(graph.shape("features.6"), ElementsAre(1, 64, 16, 16));
  EXPECT_THAT(graph.shape("features.43"), ElementsAre(1, 512, 1, 1));
  EXPECT_THAT(graph.shape("classifier.weight"), ElementsAre(10, 512));
  const Graph small = build_network("vgg16-bn", {1, 28, 28}, 10);
  EXPECT_THAT(small.shape("features.42"), ElementsAre(1, 512, 1, 1));
  EXPECT_THAT(nodes_with(small, "features.43"), ElementsAre()) << "one pixel is not halved";
  EXPECT_THAT(small.shape("features.40.weight"), ElementsAre(512, 512, 3, 3));
}

TEST(Networks, ImageNetResnetsAsInTorchvision) {
  const Graph graph = build_network("resnet50", {3, 224, 224}, 1000);
  EXPECT_THAT(nodes_with(graph, "layer2.0."),
              ElementsAre("conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "conv3", "bn3",
                          "downsample.0", "downsample.1", "add", "relu"));
  EXPECT_EQ(op_of<Conv>(graph, "layer2.0.conv1").strides[0], 1);
  EXPECT_EQ(op_of<Conv>(graph, "layer2.0.conv2").strides[0], 2) << "v1.5";
  EXPECT_EQ(op_of<Conv>(graph, "layer1.0.downsample.0").strides[0], 1);
  EXPECT_EQ(node_of(graph, "layer2.1.add").inputs[1], "layer2.0.relu");
  EXPECT_THAT(graph.shape("maxpool"), ElementsAre(1, 64, 56, 56));
  EXPECT_THAT(graph.shape("layer4.2.add"), ElementsAre(1, 2048, 7, 7));
  EXPECT_EQ(graph.parameters().front().name, "conv1.weight");
  EXPECT_EQ(graph.parameters().back().name, "fc.bias");
  const Graph basic = build_network("resnet18", {3, 224, 224}, 1000);
  EXPECT_THAT(nodes_with(basic, "layer1.0."),
              ElementsAre("conv1", "bn1", "relu1", "conv2", "bn2", "add", "relu"));
  EXPECT_EQ(op_of<Conv>(basic, "layer2.0.conv1").strides[0], 2);
  EXPECT_EQ(basic.find_parameter("layer1.0.downsample.0.weight"), nullptr);
  EXPECT_NE(basic.find_parameter("layer2.0.downsample.0.weight"), nullptr);
}

TEST(Networks, MobilenetAsInTorchvision) {
  const Graph graph = build_network("mobilenet-v2", {3, 224, 224}, 1000);
  EXPECT_THAT(nodes_with(graph, "features.1."),
              ElementsAre("conv.0.0", "conv.0.1", "conv.0.2", "conv.1", "conv.2"));
  EXPECT_THAT(nodes_with(graph, "features.3."),
              ElementsAre("conv.0.0", "conv.0.1", "conv.0.2", "conv.1.0", "conv.1.1", "conv.1.2",
                          "conv.2", "conv.3", "add"));
  EXPECT_EQ(op_of<Conv>(graph, "features.3.conv.1.0").groups, 144);
  EXPECT_EQ(op_of<Clip>(graph, "features.3.conv.1.2").maximum, 6);
  EXPECT_THAT(graph.shape("features.17.conv.2"), ElementsAre(1, 320, 7, 7));
  EXPECT_THAT(graph.shape("features.18.0.weight"), ElementsAre(1280, 320, 1, 1));
  EXPECT_THAT(graph.shape("classifier.1.weight"), ElementsAre(1000, 1280));
  EXPECT_EQ(op_of<Dropout>(graph, "classifier.0").ratio, 0.2);
}

TEST(Networks, TakeTheSmallestImages) {
  for (const std::string& name : network_names()) {
    if (name == "lenet5") continue;
    EXPECT_THAT(build_network(name, {3, 1, 1}, 2).classes(), 2) << name;
  }
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
