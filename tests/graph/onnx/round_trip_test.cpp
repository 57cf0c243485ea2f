// Networks written as ONNX and read again.
#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <limits>

#include "core/files.h"
#include "graph/onnx/models.h"
#include "pollard/networks.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;

/// Every operator once, with attributes that are not the defaults.
Graph every_operator() {
  Graph graph("every_operator", {4, 12, 10});
  using enum ParameterRole;
  const auto parameters = [&](const std::string& name, const Shape& shape, ParameterRole role) {
    graph.add_parameter({name, shape, role});
    return name;
  };
  std::string x = graph.add_node("pad", Pad{{0, 0, 1, 0, 0, 0, 2, 3}, 0.25F}, {"input"});
  x = graph.add_node(
      "conv", Conv{{2, 1}, {1, 2, 0, 1}, {1, 2}, 2},
      {x, parameters("conv.weight", {6, 2, 3, 2}, Weight), parameters("conv.bias", {6}, Bias)});
  x = graph.add_node("bn", BatchNormalization{2e-3, 0.7},
                     {x, parameters("bn.weight", {6}, Scale), parameters("bn.bias", {6}, Shift),
                      parameters("bn.running_mean", {6}, RunningMean),
                      parameters("bn.running_var", {6}, RunningVariance)});
  const std::string relu = graph.add_node("relu", Relu{}, {x});
  x = graph.add_node("clip", Clip{-0.5F, 3}, {x});
  x = graph.add_node("add", Add{}, {x, relu});
  x = graph.add_node("max", MaxPool{{3, 2}, {2, 2}, {1, 0, 1, 1}, true}, {x});
  const std::string average =
      graph.add_node("average", AveragePool{{2, 3}, {1, 1}, {0, 1, 1, 1}, false, true}, {x});
  x = graph.add_node("slice",
                     Slice{.starts = {1, -4},
                           .ends = {std::numeric_limits<std::int64_t>::max(), 100},
                           .axes = {1, 3},
                           .steps = {2, 1}},
                     {average});
  x = graph.add_node("concat", Concat{1}, {x, x, x});
  x = graph.add_node("pool", GlobalAveragePool{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  x = graph.add_node("dropout", Dropout{0.3}, {x});
  x = graph.add_node("identity", Identity{}, {x});
  graph.set_output(graph.add_node(
      "fc", Gemm{},
      {x, parameters("fc.weight", {5, 9}, Weight), parameters("fc.bias", {5}, Bias)}));
  return graph;
}

std::vector<std::string> names_of(const std::vector<ParameterInfo>& parameters) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : parameters) names.push_back(parameter.name);
  return names;
}

void zero_all_but(TensorMap& state, const std::string& name, std::size_t kept) {
  const std::span<float> values = state.at(name).f32();
  std::fill(values.begin() + static_cast<std::ptrdiff_t>(kept), values.end(), 0.0F);
}

class OnnxRoundTrip : public ::testing::Test {
 protected:
  OnnxModel round_trip(const OnnxOptions& options = {}) {
    report_ = write_onnx(folder_ / "net.onnx", graph_, state_, options);
    return read_onnx(folder_ / "net.onnx");
  }
  onnx::ModelProto message() {
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromString(read_text(folder_ / "net.onnx")));
    return model;
  }

  Graph graph_ = every_operator();
  TensorMap state_ = initialize(graph_, 1, Initialization::Pytorch);
  TemporaryFolder folder_;
  OnnxReport report_;
};

TEST_F(OnnxRoundTrip, KeepsEveryOperatorNameAndWeight) {
  const OnnxModel model = round_trip();
  EXPECT_EQ(describe(model.graph), describe(graph_));
  EXPECT_EQ(names_of(model.graph.parameters()), names_of(graph_.parameters()));
  EXPECT_EQ(model.state, state_);
  ASSERT_EQ(model.graph.nodes().size(), graph_.nodes().size());
  for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
    EXPECT_EQ(model.graph.nodes()[i].inputs, graph_.nodes()[i].inputs);
  }
  // describe() does not show these.
  EXPECT_EQ(op_of<Pad>(model.graph, "pad").value, 0.25F);
  EXPECT_EQ(op_of<Pad>(model.graph, "pad").pads, op_of<Pad>(graph_, "pad").pads);
  EXPECT_EQ(op_of<Conv>(model.graph, "conv").pads, op_of<Conv>(graph_, "conv").pads);
  EXPECT_EQ(op_of<BatchNormalization>(model.graph, "bn").epsilon, 2e-3);
  EXPECT_EQ(op_of<BatchNormalization>(model.graph, "bn").momentum, 0.7);
  EXPECT_EQ(op_of<Clip>(model.graph, "clip").minimum, -0.5F);
  EXPECT_EQ(op_of<Clip>(model.graph, "clip").maximum, 3);
  EXPECT_TRUE(op_of<MaxPool>(model.graph, "max").ceil_mode);
  EXPECT_TRUE(op_of<AveragePool>(model.graph, "average").count_include_pad);
  EXPECT_EQ(op_of<Slice>(model.graph, "slice").steps, op_of<Slice>(graph_, "slice").steps);
  EXPECT_EQ(op_of<Slice>(model.graph, "slice").ends, op_of<Slice>(graph_, "slice").ends);
  EXPECT_EQ(op_of<Dropout>(model.graph, "dropout").ratio, 0.3);
}

TEST_F(OnnxRoundTrip, WritesTheSameBytesForTheSameNetwork) {
  (void)round_trip();
  const std::string first = read_text(folder_ / "net.onnx");
  (void)round_trip();
  EXPECT_EQ(read_text(folder_ / "net.onnx"), first);
  EXPECT_EQ(report_.bytes, std::ssize(first));
}

TEST_F(OnnxRoundTrip, HasAnyBatchMetadataAndNamesOfChoice) {
  const OnnxModel model = round_trip(
      {.metadata = {{"sparsity", "0.9"}, {"method", "imp"}}, .input = "image", .output = "logits"});
  EXPECT_EQ(model.metadata,
            (std::map<std::string, std::string>{{"method", "imp"}, {"sparsity", "0.9"}}));
  EXPECT_EQ(model.input, "image");
  EXPECT_EQ(model.output, "logits");
  EXPECT_EQ(model.graph.output(), "fc");
  EXPECT_THAT(model.producer, HasSubstr("pollard "));
  const onnx::GraphProto graph = message().graph();
  EXPECT_EQ(graph.input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(graph.output(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(graph.output(0).type().tensor_type().shape().dim(1).dim_value(), 5);
  EXPECT_EQ(message().opset_import(0).version(), 13);
  const Error taken = thrown_by([&] { (void)round_trip({.output = "conv"}); });
  EXPECT_THAT(taken.what(), HasSubstr("'conv' is taken"));
}

// 72 weights: 288 bytes, or 12 for each that is left, and the two descriptions.
TEST_F(OnnxRoundTrip, WritesSparseWhatIsSmallerSo) {
  zero_all_but(state_, "conv.weight", 10);
  zero_all_but(state_, "fc.weight", 14);
  const OnnxModel model = round_trip({.sparse = SparseInitializers::Auto});
  EXPECT_EQ(model.state, state_);
  const onnx::GraphProto graph = message().graph();
  ASSERT_EQ(graph.sparse_initializer_size(), 1);
  const onnx::SparseTensorProto& sparse = graph.sparse_initializer(0);
  EXPECT_EQ(sparse.values().name(), "conv.weight");
  EXPECT_EQ(sparse.values().dims(0), 10);
  EXPECT_EQ(report_.sparse_tensors, 1);
  EXPECT_EQ(report_.nonzeros, 24);
  EXPECT_EQ(report_.weights, 72 + 45);
  const std::int64_t bytes = report_.bytes;
  (void)round_trip({.sparse = SparseInitializers::Never});
  EXPECT_EQ(report_.sparse_tensors, 0);
  EXPECT_GT(report_.bytes, bytes);
}

TEST_F(OnnxRoundTrip, KeepsATensorOfZerosAlone) {
  zero_all_but(state_, "conv.weight", 0);
  EXPECT_EQ(round_trip({.sparse = SparseInitializers::Auto}).state, state_);
  EXPECT_EQ(report_.sparse_tensors, 1);
}

// w = 2 w', b = 2 (b' - mean) + shift for scale 1, variance 1/4.
TEST_F(OnnxRoundTrip, FoldsBatchNorm) {
  for (float& value : state_.at("bn.running_var").f32()) value = 0.25F - 2e-3F;
  for (float& value : state_.at("bn.running_mean").f32()) value = 3;
  for (float& value : state_.at("bn.bias").f32()) value = 5;
  const OnnxModel model = round_trip({.fold_batch_norm = true});
  EXPECT_EQ(model.graph.find_parameter("bn.weight"), nullptr);
  EXPECT_EQ(model.graph.nodes()[2].name, "relu");
  EXPECT_EQ(model.graph.nodes()[2].inputs[0], "conv");
  for (std::size_t i = 0; i < 72; ++i) {
    EXPECT_FLOAT_EQ(model.state.at("conv.weight").f32()[i], 2 * state_.at("conv.weight").f32()[i]);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_FLOAT_EQ(model.state.at("conv.bias").f32()[i],
                    2 * (state_.at("conv.bias").f32()[i] - 3) + 5);
  }
}

TEST_F(OnnxRoundTrip, RefusesWeightsThatDoNotFitAndWritesNothing) {
  state_.at("fc.weight").f32()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(thrown_by([&] { (void)round_trip(); }).what(),
              HasSubstr("net.onnx: tensor 'fc.weight' has values that are not finite"));
  state_.erase("fc.weight");
  EXPECT_THAT(thrown_by([&] { (void)round_trip(); }).what(), HasSubstr("'fc.weight'"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "net.onnx"));
}

TEST(OnnxWrite, LeavesOutWhatTheOutputDoesNotDependOn) {
  Graph graph("net", {1, 2, 2});
  graph.add_parameter({"w", {1, 1, 1, 1}, ParameterRole::Weight});
  graph.add_parameter({"unused", {1, 1, 1, 1}, ParameterRole::Weight});
  graph.add_node("aside", Conv{}, {"input", "unused"});
  graph.set_output(graph.add_node("conv", Conv{}, {"input", "w"}));
  const TemporaryFolder folder;
  write_onnx(folder / "net.onnx", graph, initialize(graph, 1, Initialization::Pytorch));
  const OnnxModel model = read_onnx(folder / "net.onnx");
  EXPECT_EQ(model.graph.nodes().size(), 1U);
  EXPECT_EQ(model.state.size(), 1U);
}

TEST(OnnxWrite, KeepsSharedParametersAndNamesLikeMadeUpOnes) {
  Graph graph("net", {2, 2, 2});
  graph.add_parameter({"0", {2, 2, 1, 1}, ParameterRole::Weight});
  graph.add_parameter({"s", {2}, ParameterRole::Scale});
  graph.add_parameter({"b", {2}, ParameterRole::Shift});
  graph.add_parameter({"m", {2}, ParameterRole::RunningMean});
  graph.add_parameter({"v", {2}, ParameterRole::RunningVariance});
  std::string x = "input";
  for (const std::string i : {"1", "2"}) {
    x = graph.add_node("conv" + i, Conv{}, {x, "0"});
    x = graph.add_node("bn" + i, BatchNormalization{}, {x, "s", "b", "m", "v"});
  }
  graph.set_output(x);
  const TensorMap state = initialize(graph, 1, Initialization::Pytorch);
  const TemporaryFolder folder;
  write_onnx(folder / "net.onnx", graph, state);
  EXPECT_EQ(read_onnx(folder / "net.onnx").state, state);
  // The second convolution has another batch norm behind it, so neither can be folded.
  write_onnx(folder / "net.onnx", graph, state, {.fold_batch_norm = true});
  EXPECT_EQ(read_onnx(folder / "net.onnx").state, state);
}

TEST(OnnxWrite, RefusesNamesThatWouldBeReadAsOthers) {
  Graph graph("net", {1, 2, 2});
  graph.set_output(graph.add_node("the pool", GlobalAveragePool{}, {"input"}));
  const TemporaryFolder folder;
  const Error error = thrown_by([&] { write_onnx(folder / "net.onnx", graph, {}); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("the name 'the pool'"));
}

TEST(OnnxWrite, RoundsEveryBuiltInNetwork) {
  const TemporaryFolder folder;
  for (const std::string& name :
       {std::string("resnet8"), std::string("lenet5"), std::string("lenet-300-100")}) {
    SCOPED_TRACE(name);
    const Graph graph = build_network(name, {1, 28, 28}, 10);
    const TensorMap state = initialize(graph, 1, Initialization::Kaiming);
    write_onnx(folder / "net.onnx", graph, state);
    const OnnxModel model = read_onnx(folder / "net.onnx");
    EXPECT_EQ(describe(model.graph), describe(graph));
    EXPECT_EQ(names_of(model.graph.parameters()), names_of(graph.parameters()));
    EXPECT_EQ(model.state, state);
  }
}

}  // namespace
}  // namespace pollard::test
