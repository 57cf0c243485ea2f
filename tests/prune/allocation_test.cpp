#include "pollard/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pollard/error.h"
#include "pollard/selection.h"
#include "prune/expect_error.h"
#include "prune/random_layers.h"

namespace pollard {
namespace {

using test::Layers;
using test::random_layers;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Shape> kShapes = {{8, 3, 3, 3}, {16, 8, 3, 3}, {30, 64}, {10, 30}};
constexpr std::int64_t kWeights = 216 + 1152 + 1920 + 300;

MaskSet pruned(const Layers& layers, std::string_view allocation, std::int64_t kept,
               std::uint64_t seed = 1) {
  MaskSet masks = layers.masks;
  prune_by(allocation, masks, layers.state, kept, seed);
  return masks;
}

std::vector<std::int64_t> counts_of(const MaskSet& masks) {
  std::vector<std::int64_t> counts;
  for (const Mask& mask : masks.masks()) counts.push_back(mask.kept());
  return counts;
}

TEST(Allocations, AreNamed) {
  EXPECT_THAT(allocation_names(),
              ElementsAre("global", "uniform", "uniform+", "erk", "lamp", "random"));
  std::vector<std::string> by_shapes;
  for (const std::string& name : allocation_names()) {
    if (is_determined_by_shapes(name)) by_shapes.push_back(name);
  }
  EXPECT_THAT(by_shapes, ElementsAre("uniform", "uniform+", "erk"));
}

TEST(Allocations, NameTheNearestOfAnUnknownName) {
  Layers layers = random_layers(kShapes, 1);
  const Error error = thrown_by([&] { prune_by("unifrom", layers.masks, layers.state, 10, 1); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("prune.allocation='unifrom'"));
  EXPECT_EQ(error.hint(), "did you mean 'uniform'?");
  EXPECT_ERROR((void)is_determined_by_shapes("xyz"), ErrorCode::Config, "'xyz'");
  EXPECT_EQ(layers.masks.kept(), kWeights);
}

TEST(PruneBy, GlobalIsPruneGlobal) {
  const Layers layers = random_layers(kShapes, 2);
  MaskSet expected = layers.masks;
  prune_global(expected, layers.state, 500);
  EXPECT_EQ(pruned(layers, "global", 500), expected);
}

TEST(PruneBy, ShapesGivesEachLayerItsCount) {
  const Layers layers = random_layers(kShapes, 3);
  for (const char* allocation : {"uniform", "uniform+", "erk"}) {
    for (const std::int64_t kept : {kWeights, std::int64_t{2000}, std::int64_t{700}}) {
      EXPECT_EQ(counts_of(pruned(layers, allocation, kept)),
                layer_counts(allocation, kShapes, kept));
    }
  }
}

TEST(PruneBy, ShapesCountsFromTheOriginalSizesInEveryCycle) {
  Layers layers = random_layers(kShapes, 4);
  layers.masks = pruned(layers, "erk", 2000);
  layers.masks = pruned(layers, "erk", 900);
  EXPECT_EQ(counts_of(pruned(layers, "erk", 400)), layer_counts("erk", kShapes, 400));
}

TEST(PruneBy, ShapesTakesWhatALayerLacksFromTheOthers) {
  Layers layers = random_layers(kShapes, 5);
  std::ranges::fill(layers.masks.masks()[2].keep, std::uint8_t{0});  // 1668 are left
  const MaskSet masks = pruned(layers, "uniform", 834);
  // 216 : 1152 : 300 of 834, a half of each.
  EXPECT_THAT(counts_of(masks), ElementsAre(108, 576, 0, 150));
}

TEST(PruneBy, RandomDoesNotLookAtWeights) {
  const Layers layers = random_layers(kShapes, 6), others = random_layers(kShapes, 7);
  const MaskSet masks = pruned(layers, "random", 500);
  EXPECT_EQ(masks.kept(), 500);
  EXPECT_EQ(pruned(others, "random", 500), masks);
  EXPECT_NE(pruned(layers, "random", 500, 2), masks);
}

TEST(PruneBy, RandomIsTheSameInOneStepOrMany) {
  Layers layers = random_layers(kShapes, 8);
  const MaskSet at_once = pruned(layers, "random", 300);
  for (const std::int64_t kept : {3000, 1100, 300}) layers.masks = pruned(layers, "random", kept);
  EXPECT_EQ(layers.masks, at_once);
}

// A half of each layer, give or take four standard deviations of a draw without replacement (at
// most those of as many coins: sqrt(n) / 2).
TEST(PruneBy, RandomTakesFromAllLayersAlike) {
  const Layers layers = random_layers(kShapes, 9);
  const MaskSet masks = pruned(layers, "random", kWeights / 2);
  for (const Mask& mask : masks.masks()) {
    const auto size = static_cast<double>(mask.size());
    EXPECT_NEAR(static_cast<double>(mask.kept()), size / 2, 2 * std::sqrt(size)) << mask.name;
  }
}

TEST(PruneBy, NamesTheTensorThatIsWrongAndChangesNothing) {
  for (const std::string& allocation : allocation_names()) {
    Layers layers = random_layers(kShapes, 10);
    const MaskSet before = layers.masks;
    layers.state.at("layer2.weight").f32()[5] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_ERROR(prune_by(allocation, layers.masks, layers.state, 900, 1), ErrorCode::Input,
                 "'layer2.weight' holds nan");
    layers.state.erase("layer2.weight");
    EXPECT_ERROR(prune_by(allocation, layers.masks, layers.state, 900, 1), ErrorCode::Input,
                 "no tensor 'layer2.weight'");
    EXPECT_EQ(layers.masks, before) << allocation;
  }
}

TEST(PruneBy, RefusesCountsThatThereAreNot) {
  for (const std::string& allocation : allocation_names()) {
    Layers layers = random_layers(kShapes, 11);
    layers.masks = pruned(layers, allocation, 1000);
    const MaskSet before = layers.masks;
    for (const std::int64_t kept : {1001, -1}) {
      EXPECT_ERROR(prune_by(allocation, layers.masks, layers.state, kept, 1), ErrorCode::Config,
                   "cannot keep");
    }
    EXPECT_EQ(layers.masks, before) << allocation;
  }
}

TEST(PruneBy, UniformPlusOutOfReachChangesNothing) {
  Layers layers = random_layers(kShapes, 12);
  const MaskSet before = layers.masks;
  // 216 of the first and 60 of the 300 of the last.
  EXPECT_ERROR(prune_by("uniform+", layers.masks, layers.state, 275, 1), ErrorCode::Config,
               "less than the 276 of its dense first convolution");
  EXPECT_EQ(layers.masks, before);
  prune_by("uniform+", layers.masks, layers.state, 276, 1);
  EXPECT_THAT(counts_of(layers.masks), ElementsAre(216, 0, 0, 60));
}

}  // namespace
}  // namespace pollard
