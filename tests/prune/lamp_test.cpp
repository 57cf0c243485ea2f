#include "prune/lamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pollard/allocation.h"
#include "prune/random_layers.h"
#include "support/threads.h"

namespace pollard {
namespace {

using test::Layers;
using test::random_layers;
using ::testing::ElementsAre;

/// The definition, pair by pair: of equal magnitudes the one of smaller index counts as the larger.
MaskSet by_definition(const Layers& layers, std::int64_t kept) {
  struct Entry {
    long double score;
    std::size_t layer, index;
  };
  std::vector<Entry> entries;
  const std::vector<Mask>& masks = layers.masks.masks();
  for (std::size_t l = 0; l < masks.size(); ++l) {
    const std::span<const float> w = layers.state.at(masks[l].name).f32();
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (masks[l].keep[i] == 0) continue;
      long double sum = 0;
      bool largest = true;
      for (std::size_t j = 0; j < w.size(); ++j) {
        const bool before =
            std::abs(w[j]) > std::abs(w[i]) || (std::abs(w[j]) == std::abs(w[i]) && j <= i);
        if (masks[l].keep[j] == 0 || !before) continue;
        sum += static_cast<long double>(w[j]) * static_cast<long double>(w[j]);
        largest = largest && j == i;
      }
      const long double square = static_cast<long double>(w[i]) * static_cast<long double>(w[i]);
      entries.push_back({largest ? 1 : sum > 0 ? square / sum : 0, l, i});
    }
  }
  std::ranges::stable_sort(entries, std::greater(), &Entry::score);
  MaskSet result = layers.masks;
  for (Mask& mask : result.masks()) std::ranges::fill(mask.keep, std::uint8_t{0});
  for (std::size_t e = 0; e < static_cast<std::size_t>(kept); ++e)
    result.masks()[entries[e].layer].keep[entries[e].index] = 1;
  return result;
}

MaskSet by_lamp(const Layers& layers, std::int64_t kept) {
  MaskSet masks = layers.masks;
  prune_by("lamp", masks, layers.state, kept, 0);
  return masks;
}

Layers two_layers() {
  Layers layers;
  layers.masks = MaskSet({{"a.weight", {2}, {1, 1}}, {"b.weight", {2, 2}, {1, 1, 1, 1}}});
  layers.state["a.weight"] = HostTensor::from_floats({2}, std::vector<float>{3, -4});
  layers.state["b.weight"] = HostTensor::from_floats({2, 2}, std::vector<float>{1, -1, 2, 0});
  return layers;
}

// a: 16/16 for the 4, 9/25 for the 3. b: 4/4 for the 2, 1/5 and 1/6 for the ones, 0.
TEST(Lamp, GoesByScoresOfAllLayers) {
  const Layers layers = two_layers();
  const auto counts = [&](std::int64_t kept) {
    return lamp_counts(layers.masks, layers.state, kept);
  };
  EXPECT_THAT(counts(0), ElementsAre(0, 0));
  EXPECT_THAT(counts(1), ElementsAre(1, 0));  // 1 of both: the earlier layer
  EXPECT_THAT(counts(2), ElementsAre(1, 1));
  EXPECT_THAT(counts(3), ElementsAre(2, 1));
  EXPECT_THAT(counts(4), ElementsAre(2, 2));
  EXPECT_THAT(counts(5), ElementsAre(2, 3));
  EXPECT_THAT(counts(6), ElementsAre(2, 4));
  EXPECT_THAT(by_lamp(layers, 4).masks()[1].keep, ElementsAre(1, 0, 1, 0));  // the earlier one
}

// Without the 4 the 3 scores 1; without the 2 the ones score 1 and 1/2.
TEST(Lamp, ScoresSurvivorsOnly) {
  Layers layers = two_layers();
  layers.masks.masks()[0].keep = {1, 0};
  layers.masks.masks()[1].keep = {1, 1, 0, 1};
  EXPECT_THAT(lamp_counts(layers.masks, layers.state, 2), ElementsAre(1, 1));
  EXPECT_THAT(lamp_counts(layers.masks, layers.state, 3), ElementsAre(1, 2));
}

TEST(Lamp, OfLayersOfZeros) {
  Layers layers = two_layers();
  for (float& weight : layers.state["a.weight"].f32()) weight = 0;
  EXPECT_THAT(lamp_counts(layers.masks, layers.state, 2), ElementsAre(1, 1));
  EXPECT_THAT(lamp_counts(layers.masks, layers.state, 4), ElementsAre(1, 3));
  EXPECT_THAT(lamp_counts(layers.masks, layers.state, 5), ElementsAre(2, 3));
}

TEST(Lamp, IsItsDefinition) {
  const std::vector<Shape> shapes = {{7, 3}, {4, 2, 3, 3}, {1}, {5, 11}};  // 149 weights
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Layers layers = random_layers(shapes, seed, seed % 2 == 0 ? 0 : 4);
    for (const std::int64_t kept : {149, 120, 61, 17, 5, 3}) {
      const MaskSet expected = by_definition(layers, kept);
      ASSERT_EQ(by_lamp(layers, kept), expected) << seed << ", " << kept;
      if (seed % 4 < 2) layers.masks = expected;  // half of them iteratively
    }
  }
}

// Scores are ratios: a power of two changes no bit of them.
TEST(Lamp, DoesNotDependOnTheScaleOfALayer) {
  const Layers layers = random_layers({{40, 30}, {20, 5, 3, 3}, {10, 64}}, 3);
  Layers scaled = layers;
  for (float& weight : scaled.state.at("layer1.weight").f32()) weight *= 1024;
  EXPECT_EQ(by_lamp(scaled, 300), by_lamp(layers, 300));
}

TEST(Lamp, DoesNotDependOnThreads) {
  const Layers layers = random_layers({{40, 30}, {20, 5, 3, 3}, {10, 64}, {300, 100}}, 4);
  const auto with = [&](int count) {
    const test::Threads threads(count);
    return by_lamp(layers, 2000);
  };
  EXPECT_EQ(with(4), with(1));
}

}  // namespace
}  // namespace pollard
