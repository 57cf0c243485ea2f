#include "pollard/masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "pollard/error.h"
#include "prune/expect_error.h"
#include "prune/small_graph.h"

namespace pollard {
namespace {

TEST(MaskSet, StartsDenseInTheGraphsOrder) {
  const MaskSet masks = MaskSet::dense(small_graph());
  ASSERT_EQ(masks.masks().size(), 2u);
  EXPECT_EQ(masks.masks()[0].name, "conv.weight");
  EXPECT_EQ(masks.masks()[1].name, "linear.weight");
  EXPECT_EQ(masks.masks()[1].shape, (Shape{3, 32}));
  EXPECT_EQ(masks.kept(), 114);
  EXPECT_EQ(masks.size(), 114);
  EXPECT_FALSE(masks.empty());
  EXPECT_TRUE(MaskSet().empty());
}

TEST(MaskSet, CountsAndFinds) {
  MaskSet masks = MaskSet::dense(small_graph());
  masks.masks()[0].keep[5] = 0;
  masks.masks()[1].keep[0] = masks.masks()[1].keep[95] = 0;
  EXPECT_EQ(masks.masks()[0].kept(), 17);
  EXPECT_EQ(masks.kept(), 111);
  ASSERT_NE(masks.find("linear.weight"), nullptr);
  EXPECT_EQ(masks.find("linear.weight")->kept(), 94);
  EXPECT_EQ(masks.find("linear.bias"), nullptr);
}

TEST(MaskSet, ComesBackFromTensors) {
  const Graph graph = small_graph();
  MaskSet masks = MaskSet::dense(graph);
  for (std::size_t i = 0; i < 96; i += 3) masks.masks()[1].keep[i] = 0;
  const TensorMap tensors = masks.to_tensors();
  EXPECT_EQ(tensors.at("conv.weight").dtype, DType::U8);
  EXPECT_EQ(tensors.at("conv.weight").shape, (Shape{2, 1, 3, 3}));
  const MaskSet back = MaskSet::from_tensors(graph, tensors);
  EXPECT_EQ(back, masks);
  EXPECT_NE(back, MaskSet::dense(graph));
}

TEST(MaskSet, RefusesTensorsThatAreNoMasksOfTheGraph) {
  const Graph graph = small_graph();
  const TensorMap good = MaskSet::dense(graph).to_tensors();
  TensorMap bad = good;
  bad.at("linear.weight").u8()[7] = 2;
  EXPECT_ERROR((void)MaskSet::from_tensors(graph, bad), ErrorCode::Input,
               "'linear.weight' holds 2 at index 7");
  bad = good;
  bad.at("conv.weight") = HostTensor::zeros(DType::U8, {2, 9});
  EXPECT_ERROR((void)MaskSet::from_tensors(graph, bad), ErrorCode::Input,
               "'conv.weight' is U8 [2, 9]; expected U8 [2, 1, 3, 3]");
  bad.at("conv.weight") = HostTensor::zeros(DType::F32, {2, 1, 3, 3});
  EXPECT_ERROR((void)MaskSet::from_tensors(graph, bad), ErrorCode::Input, "'conv.weight' is F32");
  bad.erase("conv.weight");
  EXPECT_ERROR((void)MaskSet::from_tensors(graph, bad), ErrorCode::Input, "'conv.weight'");
}

TEST(ApplyMasks, LeavesExactPositiveZeros) {
  const Graph graph = small_graph();
  MaskSet masks = MaskSet::dense(graph);
  TensorMap state = filled_state(graph, -0.5f);
  const auto weights = state.at("conv.weight").f32();
  weights[1] = std::numeric_limits<float>::quiet_NaN();
  weights[2] = -std::numeric_limits<float>::infinity();
  masks.masks()[0].keep[0] = masks.masks()[0].keep[1] = masks.masks()[0].keep[2] = 0;
  apply_masks(masks, state);
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(std::bit_cast<std::uint32_t>(weights[i]), 0u);
  for (std::size_t i = 3; i < weights.size(); ++i) EXPECT_EQ(weights[i], -0.5f);
  for (const float weight : state.at("linear.weight").f32()) EXPECT_EQ(weight, -0.5f);
  EXPECT_EQ(state.at("conv.bias"), filled_state(graph, -0.5f).at("conv.bias"));
}

TEST(ApplyMasks, NamesTheTensorThatDoesNotFit) {
  const Graph graph = small_graph();
  const MaskSet masks = MaskSet::dense(graph);
  TensorMap state = filled_state(graph, 1);
  state.at("linear.weight") = HostTensor::zeros(DType::F32, {32, 3});
  EXPECT_ERROR(apply_masks(masks, state), ErrorCode::Input, "'linear.weight' is F32 [32, 3]");
  state.erase("linear.weight");
  EXPECT_ERROR(apply_masks(masks, state), ErrorCode::Input, "no tensor 'linear.weight'");
}

}  // namespace
}  // namespace pollard
