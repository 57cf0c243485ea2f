// LC's rule: whose weight decay is taken away, how the penalty grows, and what that is for.
#include <gmock/gmock.h>

#include "method/method_rules.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr SgdSettings kSgd{.momentum = 0.9, .weight_decay = 0.1};

std::unique_ptr<Method> lc(std::initializer_list<const char*> overrides) {
  Config config = config_with({"train.method=lc", "train.weight_decay=0.1"});
  for (const char* text : overrides) config.apply(text);
  return make_method("lc", config);
}

/// K = 8 - 6 = 2 at S = 0.75: the weights 3 and 4. Every gradient is 1.
std::unique_ptr<Engine> ranked_engine() {
  auto engine = hand_engine({1, -2, 0.5, 3, -1, 0.25, 4, 0}, {10, 0.1F});
  set_gradient(*engine, "weight", std::vector<float>(8, 1));
  set_gradient(*engine, "bias", {1, 1});
  return engine;
}

void expect_gradients(Engine& engine, const std::vector<float>& weight,
                      const std::vector<float>& bias) {
  EXPECT_THAT(values_of(slot_of(engine, "weight").gradient), Pointwise(FloatEq(), weight));
  EXPECT_THAT(values_of(slot_of(engine, "bias").gradient), Pointwise(FloatEq(), bias));
}

// 1 - 0.1 * 3 = 0.7, 1 - 0.1 * 4 = 0.6.
TEST(Lc, TakesTheDecayOfTheLargestWeightsOffTheirGradients) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=1"});
  method->attach({*engine, 1, 1, 0, 0.75, kSgd});
  method->after_backward({});
  expect_gradients(*engine, {1, 1, 1, 0.7F, 1, 1, 0.6F, 1}, {1, 1});
}

// The optimizer's step, from no momentum: v = g + 0.1 w for all but the two, w <- w - 0.5 v.
TEST(Lc, DecaysTheOthersAndMomentumSeesIt) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=1"});
  method->attach({*engine, 1, 1, 0, 0.75, kSgd});
  method->after_backward({});
  sgd_step(engine->slots(), kSgd, 0.5);
  EXPECT_THAT(
      values_of(slot_of(*engine, "weight").velocity),
      Pointwise(FloatNear(1e-6F), std::vector<float>{1.1F, 0.8F, 1.05F, 1, 0.9F, 1.025F, 1, 1}));
  EXPECT_THAT(values_of(slot_of(*engine, "weight").value),
              Pointwise(FloatNear(1e-6F), std::vector<float>{0.45F, -2.4F, -0.025F, 2.5F, -1.45F,
                                                             -0.2625F, 3.5F, -0.5F}));
  EXPECT_THAT(values_of(slot_of(*engine, "bias").velocity),  // 1 + 0.1 * 10, 1 + 0.1 * 0.1
              Pointwise(FloatNear(1e-6F), std::vector<float>{2, 1.01F}));
}

TEST(Lc, RanksAnewEveryStep) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=1"});
  method->attach({*engine, 1, 1, 0, 0.75, kSgd});
  method->after_backward({});
  const TensorMap turned = {
      {"weight", HostTensor::from_floats({2, 4}, std::vector<float>{5, 6, 0, 0, 0, 0, 4, 0})},
      {"bias", HostTensor::from_floats({2}, std::vector<float>{0, 0})}};
  engine->load_state(turned);
  set_gradient(*engine, "weight", std::vector<float>(8, 1));
  method->after_backward({});
  expect_gradients(*engine, {0.5F, 0.4F, 1, 1, 1, 1, 1, 1}, {1, 1});
}

// Of all ten, the bias 10 and the weight 4 are the largest two: 1 - 0.1 * 10 = 0.
TEST(Lc, CanRankAllParametersAgainstTheSameCount) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=1", "method.lc.rank_scope=all"});
  method->attach({*engine, 1, 1, 0, 0.75, kSgd});
  method->after_backward({});
  expect_gradients(*engine, {1, 1, 1, 1, 1, 1, 0.6F, 1}, {0, 1});
}

TEST(Lc, TakesNothingOffWhatIsNotDecayed) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=1", "method.lc.rank_scope=all"});
  SgdSettings sgd = kSgd;
  sgd.decay_all = false;
  method->attach({*engine, 1, 1, 0, 0.75, sgd});
  method->after_backward({});
  expect_gradients(*engine, {1, 1, 1, 1, 1, 1, 0.6F, 1}, {1, 1});
}

// ---- growth ------------------------------------------------------------------------------------

/// The weights' and the biases' multipliers of weight decay in these epochs.
std::vector<double> decays(Method& method, Engine& engine, std::string_view slot,
                           std::initializer_list<std::int64_t> epochs) {
  std::vector<double> found;
  for (const std::int64_t epoch : epochs) {
    method.after_backward({epoch, 0, 0});
    found.push_back(slot_of(engine, slot).decay);
  }
  return found;
}

// floor(7 / 3) = 2 epochs a step; the third stays for the seventh epoch.
TEST(Lc, PenaltyGrowsInSteps) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=2", "method.lc.steps=3"});
  method->attach({*engine, 7, 1, 0, 0.75, kSgd});
  EXPECT_THAT(decays(*method, *engine, "weight", {0, 1, 2, 3, 4, 5, 6}),
              ElementsAre(1, 1, 2, 2, 4, 4, 4));
  EXPECT_THAT(decays(*method, *engine, "bias", {0, 3, 6}), Each(1));
  set_gradient(*engine, "weight", std::vector<float>(8, 1));
  method->after_backward({3, 0, 0});  // 1 - 2 * 0.1 * 3, 1 - 2 * 0.1 * 4
  expect_gradients(*engine, {1, 1, 1, 0.4F, 1, 1, 0.2F, 1}, {1, 1});
  (void)method->finish();
  for (const ParameterSlot& slot : engine->slots()) EXPECT_EQ(slot.decay, 1) << slot.name;
}

// E = 200: floor(200 / 30) = 6 epochs a step, so the last begins in epoch 29 * 6 = 174.
// 1.1^28 = 14.420994, 1.1^29 = 15.863093 (the 15.9 of the reference).
TEST(Lc, PenaltyGrowsAsTheAuthorsHaveIt) {
  const auto engine = ranked_engine();
  const auto method = lc({});
  method->attach({*engine, 200, 1, 0, 0.75, kSgd});
  const std::vector<double> expected = {1, 1, 1.1, 14.420994, 15.863093, 15.863093};
  EXPECT_THAT(decays(*method, *engine, "weight", {0, 5, 6, 173, 174, 199}),
              Pointwise(::testing::DoubleNear(1e-6), expected));
}

TEST(Lc, BiasesGrowTooWhereAllAreRanked) {
  const auto engine = ranked_engine();
  const auto method = lc({"method.lc.growth=2", "method.lc.steps=3", "method.lc.rank_scope=all"});
  method->attach({*engine, 3, 1, 0, 0.75, kSgd});
  EXPECT_THAT(decays(*method, *engine, "bias", {0, 1, 2}), ElementsAre(1, 2, 4));
}

TEST(Lc, FewerEpochsThanStepsAreAnError) {
  const auto expect_refused = [](auto&& call) {
    const Error error = thrown_by(call);
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("method.lc.steps=30"), HasSubstr("train.epochs")));
    EXPECT_THAT(error.hint(), HasSubstr("method.lc.growth=1"));
  };
  expect_refused([] { (void)lc({"train.epochs=29"}); });
  const auto engine = ranked_engine();
  expect_refused([&] { lc({})->attach({*engine, 29, 1, 0, 0.75, kSgd}); });
  EXPECT_NO_THROW(lc({"train.epochs=30"})->attach({*engine, 30, 1, 0, 0.75, kSgd}));
  // A penalty that stays as it is needs no room.
  EXPECT_NO_THROW(
      lc({"train.epochs=1", "method.lc.growth=1"})->attach({*engine, 1, 1, 0, 0.75, kSgd}));
}

TEST(Lc, NoWeightDecayIsAnError) {
  const auto engine = ranked_engine();
  for (const Error& error : {thrown_by([] { (void)lc({"train.weight_decay=0"}); }), thrown_by([&] {
                               lc({})->attach({*engine, 30, 1, 0, 0.75, SgdSettings{}});
                             })}) {
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("train.weight_decay"));
  }
}

// ---- the point of it ---------------------------------------------------------------------------

TEST(Lc, LeavesLittleToLose) {
  constexpr SgdSettings sgd{.momentum = 0.9, .weight_decay = 0.01};
  const auto method = lc({"train.epochs=60"});
  const double dense = lost_by_pruning(*trained(nullptr, 0.8, sgd, 0.1, 60), 0.8);
  const double ours = lost_by_pruning(*trained(method.get(), 0.8, sgd, 0.1, 60), 0.8);
  EXPECT_LT(ours, dense / 10);
}

}  // namespace
}  // namespace pollard
