// GSM's rule: which gradients stay, what the others' weights do, and what that is for.
#include <gmock/gmock.h>

#include <limits>

#include "method/method_rules.h"
#include "pollard/random.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr SgdSettings kSgd{.momentum = 0.9, .weight_decay = 0.1};

std::unique_ptr<Method> gsm(Engine& engine, double sparsity, const char* scope = "prunable") {
  const std::string scoped = std::string("method.gsm.rank_scope=") + scope;
  auto method = make_method("gsm", config_with({"train.method=gsm", scoped.c_str()}));
  method->attach({engine, 1, 1, 0, sparsity, kSgd});
  return method;
}

// |w g| = 3 2 4 1.5 | 2 25 0.4 0 and of the biases 50 0.7. At S = 0.75, Q = 8 - 6 = 2: neither
// the largest weight (4) nor the largest gradient (1000) is among them.
std::unique_ptr<Engine> ranked_engine() {
  auto engine = hand_engine({1, -2, 0.5, 3, -1, 0.25, 4, 0}, {10, 0.1F});
  set_gradient(*engine, "weight", {3, 1, -8, -0.5, 2, 100, -0.1F, 1000});
  set_gradient(*engine, "bias", {5, -7});
  return engine;
}

TEST(Gsm, KeepsTheGradientsOfTheLargestProductsOfWeightAndGradient) {
  const auto engine = ranked_engine();
  gsm(*engine, 0.75)->after_backward({});
  EXPECT_THAT(values_of(slot_of(*engine, "weight").gradient),
              ElementsAre(0, 0, -8, 0, 0, 100, 0, 0));
  EXPECT_THAT(values_of(slot_of(*engine, "bias").gradient), ElementsAre(5, -7));
}

TEST(Gsm, CanRankAndMaskAllParametersAgainstTheSameCount) {
  const auto engine = ranked_engine();
  gsm(*engine, 0.75, "all")->after_backward({});
  EXPECT_THAT(values_of(slot_of(*engine, "weight").gradient),
              ElementsAre(0, 0, 0, 0, 0, 100, 0, 0));
  EXPECT_THAT(values_of(slot_of(*engine, "bias").gradient), ElementsAre(5, 0));
}

TEST(Gsm, BreaksTiesByPlace) {
  const auto engine = hand_engine({1, -2, 4, 1, 1, 1, 1, 1}, {1, 1});
  set_gradient(*engine, "weight", {1, 0.5, 0.25, -1, 1, 1, 1, 1});
  set_gradient(*engine, "bias", {1, 1});
  gsm(*engine, 0.6)->after_backward({});  // 8 - round(4.8) = 3
  EXPECT_THAT(values_of(slot_of(*engine, "weight").gradient),
              ElementsAre(1, 0.5, 0.25, 0, 0, 0, 0, 0));
}

// Passive (w = 1, beta = 0.9, lambda = 0.1, rate 0.5):
//   v = 0.1 * 1 = 0.1                       w = 1 - 0.05 = 0.95
//   v = 0.9 * 0.1 + 0.1 * 0.95 = 0.185      w = 0.95 - 0.0925 = 0.8575
// Active (w = 2, g = 1, then -1):
//   v = 0.2 + 1 = 1.2                       w = 2 - 0.6 = 1.4
//   v = 0.9 * 1.2 + 0.14 - 1 = 0.22         w = 1.4 - 0.11 = 1.29
TEST(Gsm, PassiveWeightsSeeDecayAndMomentumOnly) {
  const auto engine = hand_engine({1, 2, 0, 0, 0, 0, 0, 0}, {0, 0});
  const auto method = gsm(*engine, 0.9);  // 8 - round(7.2) = 1
  for (const float g : {1.0F, -1.0F}) {
    set_gradient(*engine, "weight", {1, g, 5, 5, 5, 5, 5, 5});
    set_gradient(*engine, "bias", {0, 0});
    method->after_backward({});
    sgd_step(engine->slots(), kSgd, 0.5);
  }
  const std::vector<float> weight = values_of(slot_of(*engine, "weight").value);
  EXPECT_NEAR(weight[0], 0.8575, 1e-6);
  EXPECT_NEAR(weight[1], 1.29, 1e-6);
  EXPECT_EQ(weight[2], 0);  // passive at zero: it stays there, whatever its gradient
}

TEST(Gsm, RanksByLogicalPlaceWhateverTheLayout) {
  const Graph graph = build_network("resnet8", {3, 8, 8}, 4);
  const TensorMap state = initialize(graph, 2, Initialization::Kaiming);
  std::vector<std::vector<float>> first;
  for (const bool channels_last : {true, false}) {
    const auto engine = make_torch_engine(graph, {.channels_last = channels_last});
    engine->load_state(state);
    RandomStream draw(8, Purpose::Testing, 0, 0);
    std::vector<std::pair<double, float>> ranked;  // (-|w g|, g): sorted, the largest come first
    for (const ParameterSlot& slot : engine->slots()) {
      std::vector<float> gradient(static_cast<std::size_t>(slot.value.numel()));
      for (float& g : gradient) g = draw.uniform() - 0.5F;
      set_gradient(*engine, slot.name, gradient);
      const std::vector<float> values = values_of(slot.value);
      for (std::size_t i = 0; slot.prunable && i < values.size(); ++i)
        ranked.emplace_back(-std::abs(values[i] * gradient[i]), gradient[i]);
    }
    gsm(*engine, 0.9)->after_backward({});
    std::vector<std::vector<float>> gradients;
    double sum = 0, expected = 0;
    for (const ParameterSlot& slot : engine->slots()) {
      gradients.push_back(values_of(slot.gradient));
      for (const float g : gradients.back()) sum += slot.prunable ? static_cast<double>(g) : 0;
    }
    std::ranges::sort(ranked);
    const auto active =
        ranked.size() -
        static_cast<std::size_t>(std::nearbyint(0.9 * static_cast<double>(ranked.size())));
    for (std::size_t i = 0; i < active; ++i) expected += static_cast<double>(ranked[i].second);
    EXPECT_NEAR(sum, expected, 1e-6);
    if (first.empty()) first = gradients;
    EXPECT_EQ(gradients, first);
  }
}

TEST(Gsm, WithoutAGoalIsDenseTrainingBitForBit) {
  const auto method = make_method("gsm", config_with({"train.method=gsm"}));
  const auto ours = trained(method.get(), 0, kSgd, 0.05, 4);
  EXPECT_EQ(ours->state(), trained(nullptr, 0, kSgd, 0.05, 4)->state());
}

// The point of the method: dense training leaves more in the weights that pruning takes, whatever
// the momentum and the goal. (By about a half, in this network.)
TEST(Gsm, LeavesLessToLose) {
  for (const double momentum : {0.9, 0.98}) {
    for (const double sparsity : {0.8, 0.9}) {
      const SgdSettings sgd{.momentum = momentum, .weight_decay = 0.01};
      const double rate = 1 - momentum;
      const auto method = make_method("gsm", config_with({"train.method=gsm"}));
      const double dense = lost_by_pruning(*trained(nullptr, sparsity, sgd, rate, 30), sparsity);
      const double ours =
          lost_by_pruning(*trained(method.get(), sparsity, sgd, rate, 30), sparsity);
      EXPECT_LT(ours, dense * 3 / 4) << momentum << ' ' << sparsity;
    }
  }
}

TEST(Gsm, RefusesGradientsThatAreNotFinite) {
  const auto engine = ranked_engine();
  set_gradient(*engine, "weight", {0, 0, 0, std::numeric_limits<float>::quiet_NaN(), 0, 0, 0, 0});
  const Error error = thrown_by([&] { gsm(*engine, 0.75)->after_backward({}); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric);
}

TEST(Gsm, RefusesWhatIsNoSparsity) {
  const auto engine = ranked_engine();
  const Error error = thrown_by([&] { (void)gsm(*engine, 1); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("prune.sparsity"));
}

}  // namespace
}  // namespace pollard
