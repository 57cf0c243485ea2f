// GMP: the curve, the counts, and what becomes of pruned weights in the two modes.
#include "method/gmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "experiment/parameters.h"
#include "method/method_training.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::bits;
using test::HandStep;
using test::kept_in;
using test::MethodTraining;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

test::MakeMethod with(const GmpSettings& settings) {
  return [settings] { return make_gmp(settings); };
}
const GmpSettings kPermanent, kRecovering{.recovering = true};

// ---- the curve ---------------------------------------------------------------------------------

// Ten epochs, an update every other: the last at 8, and in between 1 - (1 - t/8)^3 of the goal.
TEST(GmpSparsity, IsCubic) {
  const double updated[] = {0, 0.9 * 37 / 64, 0.9 * 7 / 8, 0.9 * 63 / 64, 0.9, 0.9};
  for (std::int64_t epoch = 0; epoch <= 10; ++epoch) {
    EXPECT_NEAR(gmp_sparsity(0.9, epoch, 10, 2), updated[epoch / 2], 1e-15) << epoch;
  }
}

TEST(GmpSparsity, ReachesTheGoalExactlyAnIntervalBeforeTheEnd) {
  EXPECT_EQ(gmp_sparsity(0.98, 159, 160, 1), 0.98);
  EXPECT_LT(gmp_sparsity(0.98, 158, 160, 1), 0.98);
  EXPECT_EQ(gmp_sparsity(0.98, 6, 11, 3), 0.98);  // floor(11 / 3) = 3: at 3 and 6
  EXPECT_EQ(gmp_sparsity(0.98, 5, 11, 3), 0.98 - 0.98 / 8);
  EXPECT_EQ(gmp_sparsity(0.7, 1, 2, 1), 0.7);
  EXPECT_EQ(gmp_sparsity(0.7, 0, 2, 1), 0);
  EXPECT_EQ(gmp_sparsity(0, 3, 10, 1), 0);
}

// ---- counts ------------------------------------------------------------------------------------

// 228 weights, kept 228 - round(s 228) with the curve above: 118.63, 179.55, 201.99, 205.2.
TEST(Gmp, KeepsTheCurvesCountsWhateverTheWeightsDo) {
  for (const bool recovering : {false, true}) {
    MethodTraining training(with({.interval = 2, .recovering = recovering}), 0.9);
    training.context.epochs = 10;
    training.attach();
    std::vector<std::int64_t> kept;
    TensorMap before = training.method->save();
    for (std::int64_t epoch = 1; epoch <= 10; ++epoch) {
      const Graph& graph = training.training.engine->graph();
      training.training.engine->load_state(
          initialize(graph, static_cast<std::uint64_t>(epoch), Initialization::Kaiming));
      training.method->after_epoch({epoch, 5 * epoch, 0});
      const TensorMap masks = training.method->save();
      kept.push_back(kept_in(masks));
      std::int64_t back = 0;
      for (const auto& [name, mask] : masks) {
        for (std::size_t i = 0; i < mask.u8().size(); ++i) {
          back += mask.u8()[i] > before.at(name).u8()[i] ? 1 : 0;
        }
      }
      if (!recovering) {
        EXPECT_EQ(back, 0) << epoch;
      } else if (epoch == 4) {
        EXPECT_GT(back, 0);
      }
      before = masks;
    }
    EXPECT_THAT(kept, ElementsAre(228, 109, 109, 48, 48, 26, 26, 23, 23, 23)) << recovering;
    EXPECT_EQ(training.method->finish().kept(), 23);
  }
}

TEST(Gmp, FinishKeepsTheExactCount) {
  for (const GmpSettings& settings : {kPermanent, kRecovering}) {
    test::expect_exact_finish(with(settings), 0.75, 57);
    test::expect_exact_finish(with(settings), 0.6, 91);  // 228 - round(136.8)
  }
}

// ---- modes -------------------------------------------------------------------------------------

// A goal of 0.8: round(0.7 * 8 = 5.6) and round(6.4) of 8 weights go, 6 both times.
constexpr std::int64_t kEpochs = 3;
constexpr double kGoal = 0.8;

TEST(Gmp, PermanentlyPrunedWeightsStayZero) {
  HandStep hand;
  const auto method = make_gmp(kPermanent);
  method->attach({*hand.engine, kEpochs, 1, 1, kGoal, HandStep::kSgd});
  method->after_epoch({1, 1, 0});
  EXPECT_THAT(hand.weights(), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(hand.velocity(), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  hand.step();  // v <- v/2 + g + w/4 = 1/2 -+ 1/2 + 1/4; w <- w - v/2
  EXPECT_THAT(hand.weights(), Pointwise(FloatNear(1e-6F), {0.875F, 0.0F, 0.0F, 0.0F,  //
                                                           0.375F, 0.0F, 0.0F, 0.0F}));
  hand.load({1, 2, 3, 4, 0.1F, 6, 7, 8});
  method->after_epoch({2, 2, 0});
  EXPECT_THAT(bits(method->save()), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(hand.weights(), ElementsAre(1, 0, 0, 0, 0.1F, 0, 0, 0));
}

// As above for the two that are kept; the others lose their momentum and get no gradient:
// v <- w/4, w <- w - v/2 = 7/8 w.
TEST(Gmp, RecoveringPrunedWeightsDecayAndMayComeBack) {
  HandStep hand;
  const auto method = make_gmp(kRecovering);
  method->attach({*hand.engine, kEpochs, 1, 1, kGoal, HandStep::kSgd});
  method->after_epoch({1, 1, 0});
  EXPECT_THAT(bits(method->save()), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(hand.weights(), ElementsAre(1, 0.5F, -0.25F, 0.125F, 1, -0.5F, 0.25F, 0.125F));
  EXPECT_THAT(hand.velocity(), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(hand.logits(), ElementsAre(1, 1));
  hand.step();
  EXPECT_THAT(hand.weights(),
              Pointwise(FloatNear(1e-6F), {0.875F, 0.4375F, -0.21875F, 0.109375F,  //
                                           0.375F, -0.4375F, 0.21875F, 0.109375F}));
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-6F), {0.875F, 0.375F}));
  // 7/16 is more than 3/8, and of the two 7/16 the first stays.
  method->after_epoch({2, 2, 0});
  EXPECT_THAT(bits(method->save()), ElementsAre(1, 1, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(hand.logits(), Pointwise(FloatNear(1e-6F), {0.875F + 2 * 0.4375F, 0.0F}));
  EXPECT_EQ(hand.velocity()[4], 0);
}

TEST(Gmp, TheLastEpochsChangeNoMask) {
  HandStep hand;
  const auto method = make_gmp(kRecovering);
  method->attach({*hand.engine, kEpochs, 1, 1, kGoal, HandStep::kSgd});
  method->after_epoch({2, 2, 0});
  const TensorMap masks = method->save();
  hand.load({8, 7, 6, 5, 4, 3, 2, 1});
  method->after_epoch({3, 3, 0});
  EXPECT_EQ(method->save(), masks);
}

TEST(Gmp, ResumesInTheSameBits) {
  test::expect_same_end_from_every_step(with(kPermanent), 0.75);
  test::expect_same_end_from_every_step(with(kRecovering), 0.75);
}

// ---- settings and errors -----------------------------------------------------------------------

TEST(Gmp, IsPermanentEveryEpochUnlessSet) {
  Config config(parameter_table());
  const auto weights_after_one_epoch = [&] {
    HandStep hand;
    const auto method = make_gmp(config);
    method->attach({*hand.engine, 4, 1, 1, 0.75, HandStep::kSgd});
    method->after_epoch({1, 1, 0});
    const std::vector<float> logits = hand.logits();
    return std::pair(hand.weights()[7], logits[0]);
  };
  // s = 0.75 (1 - (2/3)^3) = 0.528: four of eight weights go, all but 1, 1/2, 1, -1/2.
  EXPECT_THAT(weights_after_one_epoch(), testing::Pair(0, 2));
  config.apply("method.gmp.mode=recovering");
  EXPECT_THAT(weights_after_one_epoch(), testing::Pair(0.125F, 2));
  config.apply("method.gmp.interval=2");
  EXPECT_THAT(weights_after_one_epoch(), testing::Pair(0.125F, 2.375F));
}

TEST(Gmp, NeedsTwoIntervals) {
  HandStep hand;
  for (const std::int64_t epochs : {1, 3, 5}) {
    const auto method = make_gmp({.interval = 3});
    const Error error = thrown_by([&] {
      method->attach({*hand.engine, epochs, 1, 1, kGoal, HandStep::kSgd});
    });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("needs 6 epochs, there are " + std::to_string(epochs)));
    EXPECT_THAT(error.hint(), HasSubstr("6 epochs or more"));
  }
  make_gmp({.interval = 3})->attach({*hand.engine, 6, 1, 1, kGoal, HandStep::kSgd});
}

// 36 and 192 weights; 228 - round(0.525 * 228 = 119.7) = 108 and 228 - round(136.8) = 91 are kept.
// Uniform: 17.05 and 90.95, then 14.37 and 76.63. Uniform+ leaves the convolution dense.
TEST(Gmp, FollowsItsAllocation) {
  Config config(parameter_table());
  const auto kept = [&](const std::string& allocation) {
    config.apply("method.gmp.allocation=" + allocation);
    std::vector<std::int64_t> counts;
    for (const char* mode : {"permanent", "recovering"}) {
      config.apply(std::string("method.gmp.mode=") + mode);
      MethodTraining training([&] { return make_gmp(config); }, 0.6);
      training.attach();
      for (const std::int64_t epoch : {1, 2}) {
        training.method->after_epoch({epoch, 5 * epoch, 0});
        const TensorMap masks = training.method->save();
        counts.push_back(kept_in({{"", masks.at("conv.weight")}}));
        counts.push_back(kept_in({{"", masks.at("linear.weight")}}));
      }
    }
    return counts;
  };
  EXPECT_THAT(kept("uniform"), ElementsAre(17, 91, 14, 77, 17, 91, 14, 77));
  EXPECT_THAT(kept("uniform+"), ElementsAre(36, 72, 36, 55, 36, 72, 36, 55));
}

// Uniform+ keeps 36 and a fifth of 192 at least.
TEST(Gmp, RefusesAGoalThatItsAllocationCannotReachBeforeItTrains) {
  MethodTraining training(with({.allocation = "uniform+"}), 0.95);
  const Error error = thrown_by([&] { training.attach(); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("uniform+"));
}

TEST(Gmp, RefusesWeightsThatAreNotFinite) {
  HandStep hand;
  const auto method = make_gmp(kPermanent);
  method->attach({*hand.engine, kEpochs, 1, 1, kGoal, HandStep::kSgd});
  hand.load({1, 2, 3, 4, 5, 6, 7, std::numeric_limits<float>::infinity()});
  const Error error = thrown_by([&] { method->after_epoch({1, 1, 0}); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric);
  EXPECT_THAT(error.what(), HasSubstr("'w'"));
}

TEST(Gmp, RefusesTheMasksOfAnotherNetwork) {
  for (const GmpSettings& settings : {kPermanent, kRecovering}) {
    MethodTraining training(with(settings), kGoal);
    training.attach();
    TensorMap masks = training.method->save();
    masks.erase("conv.weight");
    const Error error = thrown_by([&] { training.method->load(masks); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
    EXPECT_THAT(error.what(), HasSubstr("'conv.weight'"));
  }
}

}  // namespace
}  // namespace pollard
