// What becomes of the operators of an ONNX file.
#include <gmock/gmock.h>

#include "graph/onnx/models.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> operators_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) names.emplace_back(operator_name(node.op));
  return names;
}

Shape output_of(const OnnxModel& model) { return model.graph.shape(model.graph.output()); }

TEST(OnnxConv, KeepsItsAttributesAndTheNamesOfItsParameters) {
  const OnnxModel model = ModelMaker({-1, 4, 9, 8})
                              .counting("features.0.weight", {6, 2, 3, 2})
                              .counting("features.0.bias", {6})
                              .node("Conv", {"x", "features.0.weight", "features.0.bias"}, "y")
                              .integers("kernel_shape", {3, 2})
                              .integers("strides", {2, 1})
                              .integers("pads", {1, 0, 2, 3})
                              .integers("dilations", {1, 2})
                              .integer("group", 2)
                              .read();
  const auto& conv = op_of<Conv>(model.graph, "the_y");
  EXPECT_THAT(conv.strides, ElementsAre(2, 1));
  EXPECT_THAT(conv.pads, ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(conv.dilations, ElementsAre(1, 2));
  EXPECT_EQ(conv.groups, 2);
  // (9 + 3 - 3) / 2 + 1 rows, (8 + 3 - 3) / 1 + 1 columns.
  EXPECT_EQ(output_of(model), (Shape{1, 6, 5, 9}));
  EXPECT_EQ(model.graph.find_parameter("features.0.weight")->role, ParameterRole::Weight);
  EXPECT_EQ(model.graph.find_parameter("features.0.bias")->role, ParameterRole::Bias);
  EXPECT_EQ(values_of(model, "features.0.bias"), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(model.input, "x");
  EXPECT_EQ(model.output, "y");
}

// ONNX: SAME gives ceil(in / stride); for 8 and kernel 3, stride 2 that needs one pixel of padding.
TEST(OnnxConv, PadsAutomatically) {
  const auto pads = [](const char* automatic) {
    const OnnxModel model = ModelMaker({-1, 1, 8, 8})
                                .counting("w", {1, 1, 3, 3})
                                .node("Conv", {"x", "w"}, "y")
                                .integers("strides", {2, 2})
                                .text("auto_pad", automatic)
                                .read();
    const auto& found = op_of<Conv>(model.graph, "the_y").pads;
    return Sizes(found.begin(), found.end());
  };
  EXPECT_THAT(pads("SAME_UPPER"), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(pads("SAME_LOWER"), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(pads("VALID"), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(pads("NOTSET"), ElementsAre(0, 0, 0, 0));
}

TEST(OnnxPools, ReadTheirWindows) {
  const OnnxModel model = ModelMaker({-1, 2, 9, 9})
                              .node("MaxPool", {"x"}, "m")
                              .integers("kernel_shape", {3, 3})
                              .integers("strides", {2, 2})
                              .integers("pads", {1, 1, 0, 0})
                              .integer("ceil_mode", 1)
                              .node("AveragePool", {"m"}, "y")
                              .integers("kernel_shape", {2, 2})
                              .integers("pads", {0, 1, 0, 1})
                              .integer("count_include_pad", 1)
                              .read();
  const auto& maximum = op_of<MaxPool>(model.graph, "the_m");
  EXPECT_TRUE(maximum.ceil_mode);
  EXPECT_THAT(maximum.pads, ElementsAre(1, 1, 0, 0));
  const auto& average = op_of<AveragePool>(model.graph, "the_y");
  EXPECT_TRUE(average.count_include_pad);
  EXPECT_FALSE(average.ceil_mode);
  EXPECT_THAT(average.strides, ElementsAre(1, 1));
  EXPECT_EQ(output_of(model), (Shape{1, 2, 4, 6}));
}

TEST(OnnxBatchNormalization, KeepsDecimalNumbersAndHasParametersOfItsOwn) {
  const OnnxModel model =
      ModelMaker({-1, 2, 1, 1})
          .floats("ones", {2}, {1, 1})
          .floats("zeros", {2}, {0, 0})
          .node("BatchNormalization", {"x", "ones", "zeros", "zeros", "ones"}, "a")
          .real("epsilon", 1e-5F)
          .real("momentum", 0.9F)
          .node("BatchNormalization", {"a", "ones", "zeros", "zeros", "ones"}, "y")
          .real("epsilon", 1e-3F)
          .read();
  EXPECT_EQ(op_of<BatchNormalization>(model.graph, "the_a").epsilon, 1e-5);
  EXPECT_EQ(op_of<BatchNormalization>(model.graph, "the_a").momentum, 0.9);
  EXPECT_EQ(op_of<BatchNormalization>(model.graph, "the_y").epsilon, 1e-3);
  EXPECT_EQ(model.state.size(), 8U);
  EXPECT_EQ(model.graph.nodes()[0].inputs,
            (std::vector<std::string>{"input", "ones", "zeros", "the_a.running_mean",
                                      "the_a.running_var"}));
}

TEST(OnnxClip, TakesItsLimitsFromInputsOrAttributes) {
  const OnnxModel inputs =
      ModelMaker({-1, 1, 1, 1}).scalar("six", 6).node("Clip", {"x", "", "six"}, "y").read();
  EXPECT_EQ(op_of<Clip>(inputs.graph, "the_y").maximum, 6);
  EXPECT_LT(op_of<Clip>(inputs.graph, "the_y").minimum, -1e38F);
  const OnnxModel attributes = ModelMaker({-1, 1, 1, 1})
                                   .opset(9)
                                   .node("Clip", {"x"}, "y")
                                   .real("min", -1)
                                   .real("max", 2)
                                   .read();
  EXPECT_EQ(op_of<Clip>(attributes.graph, "the_y").minimum, -1);
  EXPECT_EQ(op_of<Clip>(attributes.graph, "the_y").maximum, 2);
}

TEST(OnnxGemm, FoldsTurnAlphaAndBeta) {
  const OnnxModel model = ModelMaker({-1, 3, 1, 1})
                              .counting("w", {3, 2})
                              .counting("b", {1, 2})
                              .node("Flatten", {"x"}, "f")
                              .node("Gemm", {"f", "w", "b"}, "y")
                              .real("alpha", 2)
                              .real("beta", 0.5)
                              .read();
  EXPECT_EQ(model.state.at("w").shape, (Shape{2, 3}));
  EXPECT_EQ(values_of(model, "w"), (Floats{2, 6, 10, 4, 8, 12}));
  EXPECT_EQ(values_of(model, "b"), (Floats{0.5, 1}));
}

TEST(OnnxGemm, LeavesATurnedWeightAsItIsAndSharesIt) {
  const OnnxModel model = ModelMaker({-1, 2, 1, 1})
                              .counting("w", {2, 2})
                              .node("Flatten", {"x"}, "f")
                              .node("Gemm", {"f", "w"}, "a")
                              .integer("transB", 1)
                              .node("Gemm", {"a", "w"}, "y")
                              .integer("transB", 1)
                              .read();
  EXPECT_EQ(values_of(model, "w"), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(model.state.size(), 1U);
}

TEST(OnnxMatMul, BecomesAGemmWithTheAddBehindItAsBias) {
  const OnnxModel model = ModelMaker({-1, 2, 1, 1})
                              .counting("w", {2, 3})
                              .floats("one", {1}, {7})
                              .node("Flatten", {"x"}, "f")
                              .node("MatMul", {"f", "w"}, "m")
                              .node("Add", {"one", "m"}, "y")
                              .read();
  EXPECT_THAT(operators_of(model.graph), ElementsAre("Flatten", "Gemm"));
  EXPECT_EQ(values_of(model, "w"), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values_of(model, "one"), (Floats{7, 7, 7}));
  EXPECT_EQ(model.graph.output(), "the_m");
}

TEST(OnnxAdd, OfAConstantBehindAConvolutionIsItsBias) {
  const OnnxModel model = ModelMaker({-1, 1, 2, 2})
                              .counting("w", {2, 1, 1, 1})
                              .counting("b", {2, 1, 1})
                              .node("Conv", {"x", "w"}, "c")
                              .node("Add", {"c", "b"}, "y")
                              .read();
  EXPECT_EQ(values_of(model, "b"), (Floats{1, 2}));
  EXPECT_EQ(model.state.at("b").shape, Shape{2});
}

TEST(OnnxAdd, RefusesAConstantWhereTheSumIsNoBias) {
  ModelMaker maker({-1, 1, 2, 2});
  maker.counting("w", {2, 1, 1, 1}).counting("b", {2, 1, 1}).node("Conv", {"x", "w"}, "c");
  maker.node("Add", {"c", "b"}, "a").node("Add", {"c", "a"}, "y");
  EXPECT_THAT(thrown_by([&] { (void)maker.read(); }).what(),
              HasSubstr("Add 'the_a': a constant can only be added as the bias"));
}

TEST(OnnxReduceMean, OverHeightAndWidthIsAGlobalPool) {
  const auto maker = [](std::int64_t keep) {
    return ModelMaker({-1, 3, 5, 4})
        .node("ReduceMean", {"x"}, "y")
        .integers("axes", {-1, 2})
        .integer("keepdims", keep)
        .read();
  };
  EXPECT_THAT(operators_of(maker(1).graph), ElementsAre("GlobalAveragePool"));
  EXPECT_THAT(operators_of(maker(0).graph), ElementsAre("GlobalAveragePool", "Flatten"));
  const OnnxModel newer = ModelMaker({-1, 3, 5, 4})
                              .opset(18)
                              .wholes("axes", {2, 3})
                              .node("ReduceMean", {"x", "axes"}, "y")
                              .read();
  EXPECT_EQ(output_of(newer), (Shape{1, 3, 1, 1}));
}

TEST(OnnxFlatten, TakesOneFromTheFrontOrTheBackAndNoOtherAxis) {
  const auto read = [](std::int64_t axis) {
    return ModelMaker({-1, 2, 3, 4}).node("Flatten", {"x"}, "y").integer("axis", axis).read();
  };
  for (const std::int64_t axis : {1, -3})
    EXPECT_THAT(operators_of(read(axis).graph), ElementsAre("Flatten"));
  for (const std::int64_t axis : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    const Error error = thrown_by([&] { (void)read(axis); });
    EXPECT_THAT(error.what(), HasSubstr("axis " + std::to_string(axis) + " is not supported"));
  }
}

TEST(OnnxReshape, ToOneRowAnImageIsAFlatten) {
  const auto read = [](const Sizes& input, const Sizes& target) {
    return operators_of(
        ModelMaker(input).wholes("to", target).node("Reshape", {"x", "to"}, "y").read().graph);
  };
  EXPECT_THAT(read({-1, 2, 3, 4}, {0, -1}), ElementsAre("Flatten"));
  EXPECT_THAT(read({-1, 2, 3, 4}, {-1, 24}), ElementsAre("Flatten"));
  EXPECT_THAT(read({5, 2, 3, 4}, {5, 24}), ElementsAre("Flatten"));
  for (const Sizes& target : {Sizes{5, 24}, {-1, 12}, {1, -1}, {0, 6, 4}, {-1}, {24, -1}}) {
    SCOPED_TRACE(to_string(target));
    EXPECT_THAT(thrown_by([&] {
                  (void)read({-1, 2, 3, 4}, target);
                }).what(),
                HasSubstr("only to one row an image"));
  }
}

// As PyTorch writes x.view(x.size(0), -1).
TEST(OnnxReshape, FollowsTheBatchThroughShapeArithmetic) {
  ModelMaker maker({-1, 2, 3, 4});
  maker.wholes("first", {0}).wholes("zero", {0}).wholes("rest", {-1});
  maker.node("Shape", {"x"}, "shape").node("Gather", {"shape", "zero"}, "g").integer("axis", 0);
  maker.node("Cast", {"g"}, "c").integer("to", onnx::TensorProto::INT64);
  maker.node("Squeeze", {"c", "first"}, "s").node("Unsqueeze", {"s", "first"}, "u");
  maker.node("Concat", {"u", "rest"}, "target").integer("axis", 0);
  maker.node("Reshape", {"x", "target"}, "y");
  EXPECT_EQ(output_of(maker.read()), (Shape{1, 24}));
}

TEST(OnnxPad, ReadsInputsAttributesAndAxes) {
  const Sizes expected{0, 0, 1, 2, 0, 0, 3, 4};
  const OnnxModel inputs = ModelMaker({-1, 1, 4, 4})
                               .wholes("pads", expected)
                               .scalar("value", 0.5)
                               .node("Pad", {"x", "pads", "value"}, "y")
                               .text("mode", "constant")
                               .read();
  EXPECT_EQ(op_of<Pad>(inputs.graph, "the_y").pads, expected);
  EXPECT_EQ(op_of<Pad>(inputs.graph, "the_y").value, 0.5F);
  const OnnxModel attributes = ModelMaker({-1, 1, 4, 4})
                                   .opset(10)
                                   .node("Pad", {"x"}, "y")
                                   .integers("pads", expected)
                                   .real("value", -2)
                                   .read();
  EXPECT_EQ(op_of<Pad>(attributes.graph, "the_y").pads, expected);
  EXPECT_EQ(op_of<Pad>(attributes.graph, "the_y").value, -2);
  const OnnxModel axes = ModelMaker({-1, 1, 4, 4})
                             .opset(18)
                             .wholes("pads", {2, 1, 4, 3})
                             .wholes("axes", {-1, 2})
                             .node("Pad", {"x", "pads", "", "axes"}, "y")
                             .read();
  EXPECT_EQ(op_of<Pad>(axes.graph, "the_y").pads, expected);
}

TEST(OnnxSlice, ReadsInputsAndAttributes) {
  const OnnxModel inputs = ModelMaker({-1, 4, 9, 9})
                               .wholes("starts", {0, 1})
                               .wholes("ends", {INT64_MAX, 8})
                               .wholes("axes", {2, -1})
                               .wholes("steps", {2, 3})
                               .node("Slice", {"x", "starts", "ends", "axes", "steps"}, "y")
                               .read();
  EXPECT_EQ(output_of(inputs), (Shape{1, 4, 5, 3}));
  const OnnxModel attributes = ModelMaker({-1, 4, 9, 9})
                                   .opset(9)
                                   .node("Slice", {"x"}, "y")
                                   .integers("starts", {1})
                                   .integers("ends", {3})
                                   .integers("axes", {1})
                                   .read();
  EXPECT_EQ(output_of(attributes), (Shape{1, 2, 9, 9}));
}

TEST(OnnxInput, MayBeRowsOfAnImagesPixels) {
  ModelMaker maker({-1, 12});
  maker.counting("w", {5, 12}).node("Gemm", {"x", "w"}, "y").integer("transB", 1);
  EXPECT_EQ(maker.read().graph.input_shape(), (ImageShape{12, 1, 1}));
  EXPECT_EQ(maker.read({1, 3, 4}).graph.input_shape(), (ImageShape{1, 3, 4}));
  EXPECT_EQ(output_of(maker.read({1, 3, 4})), (Shape{1, 5}));
}

TEST(OnnxInput, OfOpenSizeTakesThatOfTheImages) {
  ModelMaker maker({-1, 3, -1, -1});
  maker.node("GlobalAveragePool", {"x"}, "y");
  EXPECT_EQ(maker.read({3, 32, 24}).graph.input_shape(), (ImageShape{3, 32, 24}));
  EXPECT_THAT(thrown_by([&] { (void)maker.read(); }).what(),
              HasSubstr("made.onnx: its input 'x' has no fixed size"));
}

// Before IR version 4 initialisers were inputs too.
TEST(OnnxInput, IsTheOneThatIsNoInitialiser) {
  ModelMaker maker({-1, 1, 1, 1});
  maker.counting("w", {1, 1, 1, 1}).node("Conv", {"x", "w"}, "y");
  ModelMaker::set_type(*maker.graph().add_input(), "w", {1, 1, 1, 1});
  EXPECT_EQ(maker.read().input, "x");
  ModelMaker::set_type(*maker.graph().add_input(), "z", {1, 1, 1, 1});
  EXPECT_THAT(thrown_by([&] { (void)maker.read(); }).what(), HasSubstr("'x' and 'z'"));
}

TEST(OnnxNames, ComeFromTheModuleWhereTheExporterMadeThemUp) {
  ModelMaker maker({-1, 1, 4, 4});
  maker.counting("onnx::Conv_72", {2, 1, 1, 1}).counting("73", {2});
  maker.node("Conv", {"x", "onnx::Conv_72", "73"}, "y");
  maker.last().set_name("/layer1/layer1.0/conv1/Conv");
  const OnnxModel model = maker.read();
  EXPECT_NE(model.graph.find_parameter("layer1.0.conv1.weight"), nullptr);
  EXPECT_NE(model.graph.find_parameter("layer1.0.conv1.bias"), nullptr);
  EXPECT_EQ(model.graph.nodes()[0].name, "/layer1/layer1.0/conv1/Conv");
}

TEST(OnnxNames, AreCleanedAndUnique) {
  ModelMaker maker({-1, 1, 4, 4});
  maker.counting("a,*\n\xff", {1, 1, 1, 1}).node("Conv", {"x", "a,*\n\xff"}, "y1");
  maker.last().set_name("input");
  maker.node("Relu", {"y1"}, "y");
  maker.last().set_name("input");
  const OnnxModel model = maker.read();
  EXPECT_EQ(model.graph.nodes()[0].name, "input.2");
  EXPECT_EQ(model.graph.nodes()[1].name, "input.3");
  EXPECT_NE(model.graph.find_parameter("a____"), nullptr);
}

TEST(OnnxRead, PassesOverWhatTheOutputDoesNotDependOn) {
  const OnnxModel model =
      ModelMaker({-1, 1, 4, 4}).node("Loop", {"x"}, "aside").node("Relu", {"x"}, "y").read();
  EXPECT_THAT(operators_of(model.graph), ElementsAre("Relu"));
}

TEST(OnnxRead, NamesEveryNodeThatItCannotReadAtOnce) {
  ModelMaker maker({-1, 3, 4, 4});
  maker.wholes("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  maker.node("LeakyRelu", {"x"}, "a").node("Pad", {"x", "pads"}, "b").text("mode", "reflect");
  maker.node("Relu", {"b"}, "c").node("Mish", {"c"}, "d").node("FusedConv", {"d"}, "e");
  maker.last().set_domain("com.microsoft");
  maker.node("Flatten", {"x"}, "f").integer("axis", 2).node("MaxPool", {"x"}, "g");
  maker.node("Concat", {"a", "b", "c", "d", "e", "f", "g"}, "y").integer("axis", 1);
  const Error error = thrown_by([&] { (void)maker.read(); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_STREQ(error.what(),
               "made.onnx: 6 of its nodes cannot be read: "
               "LeakyRelu 'the_a': the operator is not supported; "
               "Pad 'the_b': mode 'reflect' is not supported; "
               "Mish 'the_d': the operator is not supported; "
               "FusedConv 'the_e': operators of 'com.microsoft' are not supported; "
               "Flatten 'the_f': axis 2 is not supported, only 1; "
               "MaxPool 'the_g': it has no kernel_shape");
  EXPECT_THAT(error.hint(), HasSubstr("supported are Add, AveragePool"));
}

TEST(OnnxRead, SaysWhatToDoAboutASoftmax) {
  const Error error = thrown_by([] {
    (void)ModelMaker({-1, 3, 1, 1}).node("Softmax", {"x"}, "y").read();
  });
  EXPECT_THAT(error.hint(), HasSubstr("without its softmax"));
}

TEST(OnnxRead, RefusesAttributesThatItDoesNotKnow) {
  const Error error = thrown_by([] {
    (void)ModelMaker({-1, 3, 4, 4}).node("Relu", {"x"}, "y").integer("upside_down", 1).read();
  });
  EXPECT_THAT(error.what(), HasSubstr("attribute 'upside_down' is not supported"));
}

TEST(OnnxRead, KeepsMetadataAndProducer) {
  ModelMaker maker({-1, 3, 4, 4});
  maker.node("Relu", {"x"}, "y");
  auto& entry = *maker.model.add_metadata_props();
  entry.set_key("sparsity");
  entry.set_value("0.9");
  maker.model.set_producer_name("pytorch");
  maker.model.set_producer_version("1.13.0");
  EXPECT_EQ(maker.read().metadata.at("sparsity"), "0.9");
  EXPECT_EQ(maker.read().producer, "pytorch 1.13.0");
}

}  // namespace
}  // namespace pollard::test
