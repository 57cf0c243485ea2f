// Figures worked by hand on the small graph, and the published totals of ResNet-56.
#include "pollard/accounting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/selection.h"
#include "prune/expect_error.h"
#include "prune/small_graph.h"

namespace pollard {
namespace {

/// Keeps the first `count` entries of a mask.
void keep_first(Mask& mask, std::size_t count) {
  for (std::size_t i = count; i < mask.keep.size(); ++i) mask.keep[i] = 0;
}

TEST(MeasureSparsity, CountsADenseNetwork) {
  const Graph graph = small_graph();
  const Sparsity sparsity = measure_sparsity(graph, MaskSet::dense(graph));
  EXPECT_EQ(sparsity.prunable, 0);
  EXPECT_EQ(sparsity.model, 0);
  EXPECT_EQ(sparsity.theoretical_speedup, 1);
  EXPECT_EQ(sparsity.kept, 114);
  ASSERT_EQ(sparsity.layers.size(), 2u);
  EXPECT_EQ(sparsity.layers[0].name, "conv.weight");
  EXPECT_EQ(sparsity.layers[0].shape, (Shape{2, 1, 3, 3}));
  EXPECT_EQ(sparsity.layers[0].multiply_adds, 288);
  EXPECT_EQ(sparsity.layers[1].multiply_adds, 96);
}

TEST(MeasureSparsity, CountsMasks) {
  const Graph graph = small_graph();
  MaskSet masks = MaskSet::dense(graph);
  keep_first(masks.masks()[0], 9);   // half of 288: 144
  keep_first(masks.masks()[1], 24);  // a quarter of 96: 24
  const Sparsity sparsity = measure_sparsity(graph, masks);
  EXPECT_EQ(sparsity.kept, 33);
  EXPECT_EQ(sparsity.of, 114);
  EXPECT_DOUBLE_EQ(sparsity.prunable, 81.0 / 114);
  EXPECT_DOUBLE_EQ(sparsity.model, 81.0 / 123);
  EXPECT_DOUBLE_EQ(sparsity.theoretical_speedup, 384.0 / 168);
  EXPECT_EQ(sparsity.layers[0].kept, 9);
  EXPECT_EQ(sparsity.layers[0].of, 18);
  EXPECT_EQ(sparsity.layers[1].kept, 24);
}

TEST(MeasureSparsity, IsInfinitelyFastWithNothingLeft) {
  const Graph graph = small_graph();
  MaskSet masks = MaskSet::dense(graph);
  for (Mask& mask : masks.masks()) keep_first(mask, 0);
  const Sparsity sparsity = measure_sparsity(graph, masks);
  EXPECT_TRUE(std::isinf(sparsity.theoretical_speedup));
  EXPECT_EQ(sparsity.prunable, 1);
  EXPECT_EQ(sparsity.kept, 0);
}

TEST(MeasureSparsity, CountsZerosOfTheWeights) {
  const Graph graph = small_graph();
  TensorMap state = filled_state(graph, 1);
  for (std::size_t i = 0; i < 9; ++i) state.at("conv.weight").f32()[i] = i % 2 == 0 ? 0.0f : -0.0f;
  state.at("linear.bias").f32()[1] = 0;
  state.at("bn.running_mean").f32()[0] = 0;  // not trained: does not count
  const Sparsity sparsity = measure_sparsity(graph, state);
  EXPECT_EQ(sparsity.kept, 105);
  EXPECT_DOUBLE_EQ(sparsity.prunable, 9.0 / 114);
  EXPECT_DOUBLE_EQ(sparsity.model, 10.0 / 123);
  EXPECT_DOUBLE_EQ(sparsity.theoretical_speedup, 384.0 / 240);
}

TEST(MeasureSparsity, NamesWhatIsMissing) {
  const Graph graph = small_graph();
  MaskSet masks = MaskSet::dense(graph);
  masks.masks().pop_back();
  EXPECT_ERROR((void)measure_sparsity(graph, masks), ErrorCode::Input, "'linear.weight'");
  TensorMap state = filled_state(graph, 1);
  state.erase("bn.bias");
  EXPECT_ERROR((void)measure_sparsity(graph, state), ErrorCode::Input, "'bn.bias'");
}

TEST(MeasureSparsity, OfAUniformResNet56IsOneOverItsDensity) {
  const Graph graph = build_network("resnet56", {3, 32, 32}, 10);
  MaskSet masks = MaskSet::dense(graph);
  EXPECT_EQ(masks.size(), 848'944);
  EXPECT_EQ(graph.parameter_count(), 853'018);
  for (Mask& mask : masks.masks()) keep_first(mask, mask.keep.size() / 16);  // all divide by 16
  const Sparsity sparsity = measure_sparsity(graph, masks);
  EXPECT_DOUBLE_EQ(sparsity.theoretical_speedup, 16);
  EXPECT_DOUBLE_EQ(sparsity.prunable, 15.0 / 16);
  EXPECT_EQ(sparsity.layers.size(), 56u);
  std::int64_t work = 0;
  for (const LayerSparsity& layer : sparsity.layers) work += layer.multiply_adds;
  EXPECT_EQ(work, 125'485'696);
}

TEST(MeasureSparsity, AgreesBetweenMasksAndMaskedWeights) {
  const Graph graph = build_network("resnet56", {3, 32, 32}, 10);
  TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  MaskSet masks = MaskSet::dense(graph);
  prune_global(masks, state, masks.size() - round_half_even(0.98 * 848'944));
  apply_masks(masks, state);
  const Sparsity from_masks = measure_sparsity(graph, masks);
  const Sparsity from_state = measure_sparsity(graph, state);
  EXPECT_EQ(from_masks.kept, 16'979);
  EXPECT_EQ(from_state.kept, 16'979);
  EXPECT_EQ(from_state.theoretical_speedup, from_masks.theoretical_speedup);
  EXPECT_NEAR(from_masks.model, 0.9753, 5e-5);  // the reference code's figure for 98 %
}

}  // namespace
}  // namespace pollard
