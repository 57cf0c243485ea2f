// The way to a sparsity that is aimed at: the path, the selection of the shift, the exact landing,
// and whole trainings of CS, STR and DST on a small task.
#include "method/sparsity_target.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>

#include "method/latent_method.h"
#include "method/method_rules.h"
#include "pollard/random.h"
#include "support/thrown.h"
#include "train/evaluate.h"

namespace pollard {
namespace {

using test::config_with;
using test::thrown_by;
using ::testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

// ---- the goal and the path ---------------------------------------------------------------------

TEST(SparsityGoal, IsPruneSparsityUnlessAnotherIsGiven) {
  EXPECT_EQ(sparsity_goal(config_with({"prune.sparsity=0.7"})), 0.7);
  EXPECT_EQ(sparsity_goal(config_with({"prune.sparsity=0.7", "train.method=str"})), 0.7);
  EXPECT_EQ(sparsity_goal(config_with(
                {"prune.sparsity=0.7", "train.method=str", "method.target_sparsity=0.4"})),
            0.4);
  EXPECT_EQ(sparsity_goal(config_with({"train.method=dst", "method.target_sparsity=0"})), 0);
  // No method that has it.
  EXPECT_EQ(sparsity_goal(config_with({"prune.sparsity=0.7", "method.target_sparsity=0.4"})), 0.7);
}

// 100 steps rise for 70. Half way (1 - 1/2)^3 = 1/8 is missing, at 14 of 70 it is 0.8^3 = 0.512.
TEST(SparsityPath, RisesAsACubeAndThenStays) {
  EXPECT_EQ(sparsity_path(0.8, 0, 100), 0);
  EXPECT_NEAR(sparsity_path(0.8, 14, 100), 0.8 * 0.488, 1e-12);
  EXPECT_NEAR(sparsity_path(0.8, 35, 100), 0.8 * 0.875, 1e-12);
  for (const std::int64_t step : {70, 71, 100}) EXPECT_EQ(sparsity_path(0.8, step, 100), 0.8);
}

TEST(ControlInterval, IsSixteenOrAHundredthOfAShortTraining) {
  const std::pair<std::int64_t, std::int64_t> expected[] = {
      {15, 1}, {199, 1}, {200, 2}, {1000, 10}, {1599, 15}, {1600, 16}, {70000, 16}, {1, 1}};
  for (const auto& [steps, interval] : expected) EXPECT_EQ(control_interval(steps), interval);
}

// ---- the shift ---------------------------------------------------------------------------------

TEST(ShiftThatPrunes, IsTheLargestOfTheSmallest) {
  const at::Tensor margins[] = {at::tensor({3.0F, -1.0F, 2.0F, -kInfinity}),
                                at::tensor({0.5F, 2.0F, kInfinity, -1.0F}).view({2, 2})};
  // -inf -1 -1 0.5 2 2 3 inf
  const float expected[] = {-kInfinity, -1, -1, 0.5F, 2, 2, 3, kInfinity};
  for (std::int64_t pruned = 1; pruned <= 8; ++pruned)
    EXPECT_EQ(shift_that_prunes(margins, pruned), expected[pruned - 1]) << pruned;
  EXPECT_EQ(margins[0][1].item<float>(), -1);  // none is moved
}

TEST(ShiftThatPrunes, DoesNotMindTheMemoryOrder) {
  const at::Tensor margins = at::arange(24, at::kFloat).view({2, 3, 2, 2});
  const at::Tensor last[] = {margins.contiguous(at::MemoryFormat::ChannelsLast)};
  EXPECT_EQ(shift_that_prunes(last, 10), 9);
}

TEST(ShiftThatPrunes, RefusesWhatIsNotANumber) {
  const at::Tensor margins[] = {at::tensor({1.0F, kNotANumber})};
  EXPECT_EQ(thrown_by([&] { (void)shift_that_prunes(margins, 1); }).code(), ErrorCode::Numeric);
}

// ---- the landing -------------------------------------------------------------------------------

Landing landed(const std::vector<std::vector<float>>& margins, std::int64_t kept) {
  std::vector<Mask> masks;
  std::vector<HostTensor> tensors;
  for (const std::vector<float>& values : margins) {
    const Shape shape = {std::ssize(values)};
    masks.push_back({"", shape, std::vector<std::uint8_t>(values.size(), 1)});
    tensors.push_back(HostTensor::from_floats(shape, values));
  }
  return land(MaskSet(std::move(masks)), tensors, kept);
}

TEST(Land, KeepsTheLargest) {
  const Landing landing = landed({{3, -1, 2}, {0.5F, -2, 4}}, 4);
  EXPECT_THAT(landing.masks.masks()[0].keep, ElementsAre(1, 0, 1));
  EXPECT_THAT(landing.masks.masks()[1].keep, ElementsAre(1, 0, 1));
  EXPECT_EQ(landing.shift, 0);  // 0.5 and -1 lie on either side already
  EXPECT_EQ(landed({{3, -1, 2}, {0.5F, -2, 4}}, 3).shift, 1.25);  // between 2 and 0.5
  EXPECT_EQ(landed({{3, -1, 2}, {0.5F, -2, 4}}, 5).shift, -1.5);  // between -1 and -2
  EXPECT_EQ(landed({{3, -1, 2}, {0.5F, -2, 4}}, 6).shift, -2);    // all
}

TEST(Land, KeepsTheEarlierOfEqualOnes) {
  const Landing landing = landed({{1, 0, 1}, {1, 2, 1}}, 3);
  EXPECT_THAT(landing.masks.masks()[0].keep, ElementsAre(1, 0, 1));
  EXPECT_THAT(landing.masks.masks()[1].keep, ElementsAre(0, 1, 0));
  EXPECT_EQ(landing.shift, 1);
}

TEST(Land, TakesInfiniteMargins) {
  EXPECT_EQ(landed({{kInfinity, kInfinity, 3}}, 2).shift, 3);
  EXPECT_EQ(landed({{-2, -kInfinity, 3}}, 2).shift, -2);
  EXPECT_EQ(landed({{kInfinity, -kInfinity, kInfinity}}, 1).masks.kept(), 1);
}

TEST(Land, RefusesWhatIsNotANumber) {
  EXPECT_EQ(thrown_by([] { (void)landed({{1, kNotANumber}}, 1); }).code(), ErrorCode::Numeric);
}

// Against a stable sort of few values, so that most are equal to others.
TEST(Land, IsAStableSortCutOff) {
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    RandomStream draw(31, Purpose::Testing, 0, trial);
    std::vector<std::vector<float>> margins(1 + draw.below(3));
    std::vector<float> row;
    for (std::vector<float>& values : margins) {
      values.resize(1 + draw.below(20));
      for (float& value : values) value = static_cast<float>(draw.below(7)) - 3;
      row.insert(row.end(), values.begin(), values.end());
    }
    std::vector<std::size_t> order(row.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return row[i]; });
    const std::size_t kept = 1 + draw.below(static_cast<std::uint32_t>(row.size()));
    std::vector<std::uint8_t> expected(row.size());
    for (std::size_t i = 0; i < kept; ++i) expected[order[i]] = 1;

    std::vector<std::uint8_t> actual;
    const Landing landing = landed(margins, static_cast<std::int64_t>(kept));
    for (const Mask& mask : landing.masks.masks())
      actual.insert(actual.end(), mask.keep.begin(), mask.keep.end());
    ASSERT_EQ(actual, expected) << trial;
  }
}

// ---- whole trainings ---------------------------------------------------------------------------

/// Class c: noise, and the quadrant c a little brighter.
MemoryDataset quadrants(std::int64_t count, std::uint64_t seed) {
  RandomStream draw(seed, Purpose::Testing, 0, 0);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = draw.below(4);
    for (std::int64_t y = 0; y < 8; ++y) {
      for (std::int64_t x = 0; x < 8; ++x) {
        const bool bright = y / 4 * 2 + x / 4 == label;
        pixels.push_back(static_cast<std::uint8_t>(draw.below(150) + (bright ? 40 : 0)));
      }
    }
    labels.push_back(label);
  }
  return {{1, 8, 8}, 4, std::move(pixels), std::move(labels)};
}

class Training {
 public:
  static constexpr std::int64_t kEpochs = 12, kSteps = 16;  // an epoch

  Training(const std::string& name, std::initializer_list<const char*> settings, double sparsity) {
    Config config = config_with(settings);
    config.apply("train.method=" + name);
    made_ = make_method(name, config);
    engine->load_state(initialize(engine->graph(), 1, Initialization::Kaiming));
    method().attach({*engine, kEpochs, kSteps, 1, sparsity, sgd_});
    std::vector<double> rates;
    for (std::int64_t i = 0; i < kEpochs * kSteps; ++i)
      rates.push_back(0.05 * (1 - static_cast<double>(i) / (kEpochs * kSteps)));
    LoopPosition position;
    test::RecordingObserver observer;
    (void)train_loop(*engine, method(), train_, test_,
                     {.label = name, .epochs = kEpochs, .rates = rates, .sgd = sgd_, .seed = 1},
                     position, observer, silent_progress());
  }
  [[nodiscard]] LatentMethod& method() { return dynamic_cast<LatentMethod&>(*made_); }
  [[nodiscard]] double accuracy() { return evaluate(*engine, test_).top1; }

  std::unique_ptr<Engine> engine = make_torch_engine(build_network("resnet8", {1, 8, 8}, 4), {});

 private:
  static BatchSettings batches(bool shuffle) {
    return {.batch_size = 32,
            .shuffle = shuffle,
            .augmentation = {},
            .normalization = {{0.3F}, {0.2F}},
            .seed = 1,
            .threads = 0};
  }
  SgdSettings sgd_{.momentum = 0.9, .nesterov = true, .weight_decay = 5e-4};
  MemoryDataset images_ = quadrants(512, 1), test_images_ = quadrants(256, 2);
  BatchLoader train_{images_, batches(true)}, test_{test_images_, batches(false)};
  std::unique_ptr<Method> made_;
};

struct Case {
  std::string method;
  double sparsity;
  double shift;  // what the landing may take, in the units of the method's margins
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.method << " at " << c.sparsity; }

class Target : public ::testing::TestWithParam<Case> {};

// STR's margins are logits of |w|, so 0.01 is a hundredth of a threshold; DST's are |w| itself, of
// some 0.1 at the threshold; CS's scores have the scale that they have grown to, some 0.01.
TEST_P(Target, IsReachedBeforeTheLandingWhichThenIsExactAndGentle) {
  const auto& [name, sparsity, shift] = GetParam();
  Training training(name, {}, sparsity);
  const double before = training.accuracy();
  EXPECT_GT(before, 80);  // 25 by chance
  EXPECT_NEAR(training.method().present_sparsity(), sparsity, 0.01);

  const MaskSet masks = training.method().finish();
  const auto all = static_cast<double>(masks.size());
  EXPECT_EQ(masks.kept(), masks.size() - static_cast<std::int64_t>(std::nearbyint(sparsity * all)));
  EXPECT_LE(std::abs(training.method().landing_shift()), shift);
  EXPECT_GT(training.accuracy(), before - 4);
}

INSTANTIATE_TEST_SUITE_P(Methods, Target,
                         ::testing::Values(Case{"cs", 0.9, 5e-4}, Case{"cs", 0.97, 5e-4},
                                           Case{"str", 0.9, 0.01}, Case{"str", 0.97, 0.01},
                                           Case{"dst", 0.9, 1e-3}, Case{"dst", 0.97, 1e-3}),
                         [](const auto& info) {
                           return info.param.method +
                                  std::to_string(std::lround(100 * info.param.sparsity));
                         });

TEST(Target, OverridesTheSparsityOfPruning) {
  Training training("str", {"method.target_sparsity=0.5"}, 0.9);
  EXPECT_EQ(training.method().goal(), 0.5);
  const MaskSet masks = training.method().finish();
  EXPECT_EQ(masks.kept(), masks.size() / 2);  // an even number
}

TEST(Target, OfZeroLeavesTheMethodToItself) {
  // Thresholds that hardly move: sigmoid(-4) = 0.018.
  Training training("str", {"method.target_sparsity=0", "method.str.s0=-4"}, 0.9);
  EXPECT_EQ(training.method().goal(), 0);
  const double before = training.method().present_sparsity();
  EXPECT_GT(before, 0.05);
  EXPECT_LT(before, 0.8);
  const MaskSet masks = training.method().finish();
  EXPECT_NEAR(1 - static_cast<double>(masks.kept()) / static_cast<double>(masks.size()), before,
              1e-12);
  EXPECT_EQ(training.method().landing_shift(), 0);
}

}  // namespace
}  // namespace pollard
