#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "pollard/error.h"
#include "pollard/selection.h"
#include "prune/expect_error.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;

MaskSet two_masks() {
  return MaskSet({{"a.weight", {2, 2}, {1, 1, 1, 1}}, {"b.weight", {3}, {1, 0, 1}}});
}

TensorMap two_weights() {
  TensorMap state;
  state["a.weight"] = HostTensor::from_floats({2, 2}, std::vector<float>{0.1f, -5, 3, 0});
  state["b.weight"] = HostTensor::from_floats({3}, std::vector<float>{-4, 100, 3});
  return state;
}

TEST(PruneGlobal, HoldsAllTensorsAgainstOneThreshold) {
  MaskSet masks = two_masks();
  prune_global(masks, two_weights(), 3);
  EXPECT_THAT(masks.masks()[0].keep, ElementsAre(0, 1, 1, 0));  // 3 of a before the 3 of b
  EXPECT_THAT(masks.masks()[1].keep, ElementsAre(1, 0, 0));     // 100 stays masked
}

TEST(PruneGlobal, OnlyShrinks) {
  MaskSet masks = two_masks();
  std::int64_t before = masks.kept();
  for (const std::int64_t count : {5, 3, 1, 0}) {
    const MaskSet larger = masks;
    prune_global(masks, two_weights(), count);
    EXPECT_EQ(masks.kept(), count);
    EXPECT_LT(masks.kept(), before);
    before = masks.kept();
    for (std::size_t m = 0; m < masks.masks().size(); ++m) {
      for (std::size_t i = 0; i < masks.masks()[m].keep.size(); ++i) {
        EXPECT_LE(masks.masks()[m].keep[i], larger.masks()[m].keep[i]);
      }
    }
  }
  EXPECT_ERROR(prune_global(masks, two_weights(), 1), ErrorCode::Config, "0 eligible");
}

TEST(PruneGlobal, NamesTheTensorThatIsWrong) {
  MaskSet masks = two_masks();
  TensorMap state = two_weights();
  state["b.weight"].f32()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_ERROR(prune_global(masks, state, 2), ErrorCode::Input, "'b.weight' holds nan");
  state["b.weight"] = HostTensor::zeros(DType::F32, {4});
  EXPECT_ERROR(prune_global(masks, state, 2), ErrorCode::Input, "'b.weight' is F32 [4]");
  state["b.weight"] = HostTensor::zeros(DType::F16, {3});
  EXPECT_ERROR(prune_global(masks, state, 2), ErrorCode::Input, "'b.weight' is F16 [3]");
  state.erase("b.weight");
  EXPECT_ERROR(prune_global(masks, state, 2), ErrorCode::Input, "no tensor 'b.weight'");
  EXPECT_EQ(masks, two_masks());
}

TEST(RoundHalfEven, RoundsHalvesToEven) {
  EXPECT_EQ(round_half_even(0.5), 0);
  EXPECT_EQ(round_half_even(1.5), 2);
  EXPECT_EQ(round_half_even(2.5), 2);
  EXPECT_EQ(round_half_even(-0.5), 0);
  EXPECT_EQ(round_half_even(-1.5), -2);
  EXPECT_EQ(round_half_even(-2.5), -2);
}

TEST(RoundHalfEven, RoundsTheRestToTheNearest) {
  EXPECT_EQ(round_half_even(0.49999999999999994), 0);  // floor(x + 0.5) would give 1
  EXPECT_EQ(round_half_even(2.4999), 2);
  EXPECT_EQ(round_half_even(2.5001), 3);
  EXPECT_EQ(round_half_even(-2.5001), -3);
  EXPECT_EQ(round_half_even(7), 7);
  EXPECT_EQ(round_half_even(4503599627370497.5), 4503599627370498);
  EXPECT_EQ(round_half_even(0.98 * 848944), 831965);  // ResNet-56 at 98 %: 831965.12
}

TEST(RoundHalfEven, RefusesWhatIsNoCount) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), 1e19, -1e19}) {
    EXPECT_ERROR((void)round_half_even(value), ErrorCode::Internal, "cannot round");
  }
}

}  // namespace
}  // namespace pollard
