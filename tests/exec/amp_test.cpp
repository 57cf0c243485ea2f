// Products in bfloat16: 8 bits of significand.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "exec/host_tensors.h"
#include "exec/tensors.h"
#include "pollard/networks.h"
#include "pollard/torch_engine.h"

namespace pollard {
namespace {

constexpr ImageShape kShape{3, 8, 8};

std::unique_ptr<Engine> engine_with(bool amp, bool fused = true) {
  const Graph graph = build_network("resnet8", kShape, 10);
  auto engine = make_torch_engine(graph, {.fused = fused, .amp = amp});
  engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  return engine;
}

TEST(Amp, GivesFloatGradients) {
  const Batch batch = test::formula_batch(4, kShape, 10);
  for (const bool fused : {true, false}) {
    const auto exact = engine_with(false, fused), amp = engine_with(true, fused);
    exact->forward_backward(batch, {});
    amp->forward_backward(batch, {});
    for (std::size_t i = 0; i < exact->slots().size(); ++i) {
      const at::Tensor a = exact->slots()[i].gradient, b = amp->slots()[i].gradient;
      EXPECT_EQ(b.scalar_type(), at::kFloat) << exact->slots()[i].name;
      EXPECT_TRUE(b.isfinite().all().item<bool>()) << exact->slots()[i].name;
    }
    EXPECT_FALSE(exact->slots()[0].gradient.equal(amp->slots()[0].gradient)) << "not rounded";
  }
}

// With zero weights the outputs are exactly 0 either way; the gradient of one image is (p - y) x,
// of which both factors and the product are rounded: 8 bits, so by 2^-8 of themselves at most.
TEST(Amp, RoundsTheFactorsOfAGradientAndNoMore) {
  constexpr ImageShape kTiny{1, 4, 4};
  Graph graph("one", kTiny);
  graph.add_parameter({"weight", {10, 16}, ParameterRole::Weight});
  graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
  graph.add_node("linear", Gemm{}, {"flatten", "weight"});
  graph.set_output("linear");
  const Batch batch = test::formula_batch(1, kTiny, 10);
  const auto exact = make_torch_engine(graph, {}), amp = make_torch_engine(graph, {.amp = true});
  for (Engine* engine : {exact.get(), amp.get()}) engine->forward_backward(batch, {});
  const at::Tensor a = exact->slots()[0].gradient, b = amp->slots()[0].gradient;
  EXPECT_TRUE((a - b).abs().le(a.abs() * (3.1 * 0x1p-8)).all().item<bool>());
  EXPECT_FALSE(a.equal(b));
}

TEST(Amp, LeavesEvaluationInFloat) {
  const Batch batch = test::formula_batch(4, kShape, 10);
  EXPECT_EQ(engine_with(true)->predict(batch).bytes, engine_with(false)->predict(batch).bytes);
}

TEST(Amp, RepeatsBitForBit) {
  const Batch batch = test::formula_batch(4, kShape, 10);
  const auto a = engine_with(true), b = engine_with(true);
  for (Engine* engine : {a.get(), b.get()}) engine->forward_backward(batch, {});
  for (std::size_t i = 0; i < a->slots().size(); ++i)
    EXPECT_TRUE(a->slots()[i].gradient.equal(b->slots()[i].gradient));
}

}  // namespace
}  // namespace pollard
