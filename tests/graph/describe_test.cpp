#include <gmock/gmock.h>

#include <sstream>

#include "graph/blocks.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::Not;

Graph small() {
  Graph graph("small", {2, 6, 6});
  add_conv(graph, "conv", "input",
           {.channels = 4, .kernel = 3, .stride = 2, .padding = 1, .groups = 2, .bias = true});
  add_batch_norm(graph, "bn", "conv");
  add_max_pool(graph, "pool", "bn", 3, 1, 1);
  graph.add_node("flatten", Flatten{}, {"pool"});
  graph.set_output(add_linear(graph, "linear", "flatten", 1000));
  return graph;
}

TEST(Describe, TableWithoutState) {
  EXPECT_EQ(describe(small()), R"(small: input 2x6x6, 1000 classes

node     operator             output  parameters  multiply-adds
conv     Conv 3x3/2 groups 2  4x3x3           40            324
bn       BatchNormalization   4x3x3            8
pool     MaxPool 3x3          4x3x3
flatten  Flatten              36
linear   Gemm                 1000        37,000         36,000

37,048 parameters, 36,036 of them prunable, 36,324 multiply-adds
)");
}

TEST(Describe, TableWithState) {
  const Graph graph = small();
  TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  for (float& value : state["conv.weight"].f32().subspan(9)) value = -0.0F;
  for (float& value : state["linear.weight"].f32().subspan(3600)) value = 0;
  EXPECT_EQ(describe(graph, &state), R"(small: input 2x6x6, 1000 classes

node     operator             output  parameters  multiply-adds   kept      of  density
conv     Conv 3x3/2 groups 2  4x3x3           40            324      9      36  25.00 %
bn       BatchNormalization   4x3x3            8
pool     MaxPool 3x3          4x3x3
flatten  Flatten              36
linear   Gemm                 1000        37,000         36,000  3,600  36,000  10.00 %

37,048 parameters, 36,036 of them prunable, 36,324 multiply-adds
sparsity 89.99 % (3,609 of 36,036 weights kept), theoretical speedup 9.87x
)");
}

TEST(Describe, MissingWeightsAreNotGuessed) {
  const Graph graph = small();
  TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  state.erase("conv.weight");
  const std::string text = describe(graph, &state);
  EXPECT_THAT(text, HasSubstr("324       -      36         -\n"));
  EXPECT_THAT(text, HasSubstr("36,000  36,000  36,000  100.00 %\n"));
  EXPECT_THAT(text, HasSubstr("sparsity unknown: 1 weights are missing\n"));
  EXPECT_THAT(text, Not(HasSubstr("speedup")));
}

TEST(Describe, NothingLeft) {
  const Graph graph = small();
  TensorMap state;
  for (const ParameterInfo& weight : graph.prunable_parameters()) {
    state[weight.name] = HostTensor::zeros(DType::U8, weight.shape);
  }
  EXPECT_THAT(
      describe(graph, &state),
      HasSubstr("sparsity 100.00 % (0 of 36,036 weights kept), theoretical speedup unbounded"));
}

TEST(Describe, CountsZerosOfEveryType) {
  Graph graph("net", {1, 1, 4});
  graph.add_node("flatten", Flatten{}, {"input"});
  graph.set_output(add_linear(graph, "fc", "flatten", 1));
  using enum DType;
  for (const DType dtype : {F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool}) {
    // 0, then only the lowest bit set, then only the sign bit: -0.0 for floats.
    HostTensor tensor = HostTensor::zeros(dtype, {1, 4});
    const std::size_t size = byte_size(dtype);
    tensor.bytes[size] = std::byte{1};
    tensor.bytes[3 * size - 1] = std::byte{0x80};
    const bool floats = dtype == F64 || dtype == F32 || dtype == F16 || dtype == BF16;
    const TensorMap state{{"fc.weight", tensor}};
    EXPECT_THAT(describe(graph, &state), HasSubstr(floats ? "(1 of 4" : "(2 of 4"))
        << dtype_name(dtype);
  }
}

TEST(Describe, RefusesAWeightOfAnotherShape) {
  const TensorMap state{{"conv.weight", HostTensor::zeros(DType::F32, {4, 2, 3, 3})}};
  const Graph graph = small();
  const Error error = thrown_by([&] { (void)describe(graph, &state); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(),
              HasSubstr("'conv.weight' has shape [4, 2, 3, 3], expected [4, 1, 3, 3]"));
}

TEST(Describe, EveryNetwork) {
  for (const std::string& name : network_names()) {
    const Graph graph = build_network(name, {3, 32, 32}, 10);
    std::istringstream text(describe(graph));
    std::size_t lines = 0;
    for (std::string line; std::getline(text, line); ++lines) {
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    EXPECT_EQ(lines, graph.nodes().size() + 5);
  }
}

}  // namespace
}  // namespace pollard
