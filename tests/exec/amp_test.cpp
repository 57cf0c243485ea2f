// Products in bfloat16: 8 bits of mantissa, so relative errors of some 2^-8 a factor.
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

// Three layers: forward and backward each round two factors a product, by 2^-9 of themselves at
// most, so a gradient is off by some 3 * 2 * 2 * 2^-9 = 2.3 %.
TEST(Amp, GivesGradientsNearThoseOfFloat) {
  constexpr ImageShape kDigit{1, 28, 28};
  const Graph graph = build_network("lenet-300-100", kDigit, 10);
  const Batch batch = test::formula_batch(8, kDigit, 10);
  const auto exact = make_torch_engine(graph, {}), amp = make_torch_engine(graph, {.amp = true});
  for (Engine* engine : {exact.get(), amp.get()}) {
    engine->load_state(initialize(graph, 1, Initialization::Kaiming));
    engine->forward_backward(batch, {});
  }
  for (std::size_t i = 0; i < exact->slots().size(); ++i) {
    const at::Tensor a = exact->slots()[i].gradient, b = amp->slots()[i].gradient;
    EXPECT_LT((a - b).norm().item<double>(), 12 * 0x1p-9 * a.norm().item<double>())
        << exact->slots()[i].name;
  }
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
