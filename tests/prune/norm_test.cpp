// Norms worked by hand on the small graph.
#include "prune/norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pollard/error.h"
#include "prune/small_graph.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using ::testing::HasSubstr;

// All entries 2: 123 trainable parameters, 114 of them prunable; running statistics do not count.
TEST(SquaredNorm, IsOfTheTrainableParametersOrOfThePrunableOnes) {
  const Graph graph = small_graph();
  const TensorMap state = filled_state(graph, 2);
  EXPECT_EQ(squared_norm(graph, state, false), 4 * 123);
  EXPECT_EQ(squared_norm(graph, state, true), 4 * 114);
}

// 1e30^2 = 1e60 is beyond float's range, and 1e-6^2 below what a float sum with 1 would notice. (17
// additions to the 1 in its tensor, each off by 2^-53 at most, are 2e-15 together.)
TEST(SquaredNorm, IsSummedInDouble) {
  const Graph graph = small_graph();
  EXPECT_NEAR(squared_norm(graph, filled_state(graph, 1e30f), true) / 114e60, 1, 1e-6);
  TensorMap state = filled_state(graph, 1e-6f);
  state.at("conv.weight").f32()[0] = 1;
  EXPECT_NEAR(squared_norm(graph, state, true) - 1, 113e-12, 3e-15);
}

TEST(SquaredNorm, NamesTheTensorThatIsMissing) {
  const Graph graph = small_graph();
  TensorMap state = filled_state(graph, 1);
  state.erase("bn.bias");
  EXPECT_EQ(squared_norm(graph, state, true), 114);
  const Error error = test::thrown_by([&] { (void)squared_norm(graph, state, false); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("'bn.bias'"));
}

TEST(NormDrop, IsTheRemovedPartOfTheNorm) {
  EXPECT_DOUBLE_EQ(norm_drop(25, 16), 0.6);  // (4, 3) without the 3: 3 / 5
  EXPECT_EQ(norm_drop(25, 25), 0);
  EXPECT_EQ(norm_drop(25, 0), 1);
  EXPECT_EQ(norm_drop(0, 0), 0);
}

// Every second of 114 equal weights away: half of what is prunable, 57 of 123 of everything.
TEST(NormDrop, OfEqualWeightsIsTheRootOfTheirShare) {
  const Graph graph = small_graph();
  const TensorMap before = filled_state(graph, 3);
  TensorMap after = before;
  for (const char* name : {"conv.weight", "linear.weight"}) {
    const std::span<float> weights = after.at(name).f32();
    for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = 0;
  }
  const auto drop = [&](bool prunable_only) {
    return norm_drop(squared_norm(graph, before, prunable_only),
                     squared_norm(graph, after, prunable_only));
  };
  EXPECT_DOUBLE_EQ(drop(true), std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(drop(false), std::sqrt(57. / 123));
}

}  // namespace
}  // namespace pollard
