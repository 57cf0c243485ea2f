// What CS, STR and DST have in common besides their target (sparsity_target_test.cpp): decay,
// errors, state.
#include "method/latent_method.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "method/cs.h"
#include "method/dst.h"
#include "method/latent_rules.h"
#include "method/str.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::context_of;
using test::kFree;
using test::slot_of;
using test::some_engine;
using test::thrown_by;
using ::testing::HasSubstr;

TEST(LatentMethod, DecaysWeightsTwiceOnDemandAndOnceAfterwards) {
  for (const bool twice : {false, true}) {
    const auto engine = some_engine();
    DynamicSparseTraining method({.common = {.target = 0, .double_decay = twice}});
    method.attach(context_of(*engine));
    EXPECT_EQ(slot_of(*engine, "weight").decay, twice ? 2 : 1);
    EXPECT_EQ(slot_of(*engine, "bias").decay, 1);
    (void)method.finish();
    EXPECT_EQ(slot_of(*engine, "weight").decay, 1);
  }
}

// 0.97 of 8 is 7.76, rounded 8.
TEST(LatentMethod, RefusesAGoalThatLeavesNothing) {
  const auto engine = some_engine();
  SoftThresholds method({});
  const Error error = thrown_by([&] { method.attach(context_of(*engine, 0.97)); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("0.97 leaves none of 8 weights"));
  method.attach(context_of(*engine, 0.93));  // 7.44
}

TEST(LatentMethod, WhereNothingIsLeftTheErrorNamesTheKnobs) {
  const auto engine = some_engine();
  SoftThresholds str({.start = 10, .common = kFree});
  str.attach(context_of(*engine));
  const Error error = thrown_by([&] { (void)str.finish(); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric);
  EXPECT_THAT(error.what(), HasSubstr("train.method=str has pruned every weight"));
  EXPECT_THAT(error.hint(), HasSubstr("method.str.s0"));
  ContinuousSparsification cs({.start = -1, .common = kFree});
  cs.attach(context_of(*engine));
  EXPECT_THAT(thrown_by([&] { (void)cs.finish(); }).hint(), HasSubstr("method.cs.s0"));
}

TEST(LatentMethod, RefusesAStateThatDoesNotFit) {
  const auto engine = some_engine();
  ContinuousSparsification method({});
  method.attach(context_of(*engine));
  for (const char* key : {"steps", "last_temperature", "latents/weight"}) {
    TensorMap state = method.save();
    ASSERT_EQ(state.erase(key), 1U) << key;
    const Error error = thrown_by([&] { method.load(state); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << key;
    EXPECT_THAT(error.what(), HasSubstr(key));
  }
}

}  // namespace
}  // namespace pollard
