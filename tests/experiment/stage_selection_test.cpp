// Allocations and selected weights, in the plan and the identity of stages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "data/synthetic.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "experiment/stages.h"
#include "pollard/allocation.h"
#include "pollard/error.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Overrides = std::vector<std::string>;

const MemoryDataset kImages = testing_data::pattern_dataset(7, {1, 28, 28});

Graph graph_of(const Config& config) { return make_graph(config, kImages); }

Config config_of(const Overrides& overrides) {
  Config config(parameter_table());
  config.apply("model=lenet-300-100");  // fc1, fc2, fc3: 784 x 300, 300 x 100, 100 x 10 weights
  for (const std::string& text : overrides) config.apply(text);
  return config;
}

std::vector<Stage> plan(const Overrides& overrides, ChainKind chain = ChainKind::Whole,
                        std::string_view weights_hash = "") {
  const Config config = config_of(overrides);
  return plan_stages(config, graph_of(config), chain, {"data", std::string(weights_hash)});
}

Overrides imported(Overrides overrides) {
  overrides.emplace_back("weights=w.safetensors");
  return overrides;
}

/// Of import, prune and retrain.
std::vector<std::string> imported_ids(const Overrides& overrides) {
  std::vector<std::string> ids;
  for (const Stage& stage : plan(imported(overrides), ChainKind::PruneImport, "aa"))
    ids.push_back(stage.id);
  return ids;
}

TEST(StageIds, OfEachAllocationAreDifferent) {
  std::set<std::string> ids;
  for (const std::string& name : allocation_names())
    ids.insert(imported_ids({"prune.allocation=" + name})[1]);
  EXPECT_EQ(ids.size(), allocation_names().size());
}

// Nothing else draws: the seed counts again in retraining alone.
TEST(StageIds, OfRandomPruningDependOnTheSeed) {
  for (const std::string& name : allocation_names()) {
    const std::string allocation = "prune.allocation=" + name;
    const auto first = imported_ids({allocation, "seed=1"});
    const auto second = imported_ids({allocation, "seed=2"});
    EXPECT_EQ(first[0], second[0]) << name;
    EXPECT_EQ(first[1] != second[1], name == "random") << name;
    EXPECT_NE(first[2], second[2]) << name;
  }
}

// The kept number alone would not tell them apart: fc2 and fc3 against 310 x 100 weights.
TEST(StageIds, OfPruningDependOnWhichWeightsMayBePruned) {
  const auto all = imported_ids({}), some = imported_ids({"prune.exclude=fc3.*"});
  EXPECT_EQ(all[0], some[0]);
  EXPECT_NE(all[1], some[1]);
  EXPECT_NE(all[2], some[2]);
  EXPECT_NE(imported_ids({"prune.include=fc1.*", "prune.sparsity=0"})[1],
            imported_ids({"prune.include=fc1.*,fc2.*", "prune.sparsity=0"})[1]);
}

TEST(StageIds, OfPatternsThatSelectTheSameAreTheSame) {
  const auto by_exclusion = imported_ids({"prune.exclude=fc3.weight"});
  EXPECT_EQ(imported_ids({"prune.include=fc1.*, fc2.*"}), by_exclusion);
  EXPECT_EQ(imported_ids({"prune.include=*", "prune.exclude=fc3*"}), by_exclusion);
  EXPECT_EQ(imported_ids({"prune.include=*"}), imported_ids({}));
}

TEST(StageIds, OfTrainingDependOnPrunableWeightsWhereItPrunes) {
  const auto train_id = [](const Overrides& overrides) { return plan(overrides)[0].id; };
  EXPECT_EQ(train_id({"prune.exclude=fc3*"}), train_id({}));
  EXPECT_NE(train_id({"train.method=gsm", "prune.exclude=fc3*"}), train_id({"train.method=gsm"}));
}

// Its masks are the zeros of the weights that may be pruned.
TEST(StageIds, OfRetrainingAnImportDependOnPrunableWeights) {
  const auto retrain_id = [](const Overrides& overrides) {
    return plan(imported(overrides), ChainKind::RetrainImport, "aa")[1].id;
  };
  EXPECT_NE(retrain_id({"prune.exclude=fc3*"}), retrain_id({}));
}

// 31000 weights without fc1; a tenth of them.
TEST(Stages, CountSelectedWeightsOnly) {
  const std::vector<Stage> stages = plan({"prune.exclude=fc1*"});
  EXPECT_EQ(stages[1].of, 31'000);
  EXPECT_EQ(stages[1].kept, 3'100);
}

// fc3 keeps 200 of its 1000 weights, which is more than 0.05 % of 266200.
TEST(Stages, OutOfAnAllocationsReachAreNotPlanned) {
  const auto plan_at = [](const std::string& sparsity) {
    return plan({"prune.allocation=uniform+", "prune.sparsity=" + sparsity, "prune.cycles=3"});
  };
  const Error error = thrown_by([&] { (void)plan_at("0.9995"); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("prune.sparsity"),
                                  HasSubstr("prune.allocation=uniform+"), HasSubstr("99.92 %")));
  EXPECT_EQ(plan_at("0.9992").size(), 7U);
}

TEST(SetupNetwork, HasTheSelectedPrunableWeights) {
  const Graph graph = graph_of(config_of({"prune.include=fc?.weight", "prune.exclude=fc1*"}));
  EXPECT_EQ(graph.prunable_weights(), 31'000);
  EXPECT_EQ(graph.parameter_count(), 266'200 + 410);
  const Error error = thrown_by([&] { (void)graph_of(config_of({"prune.exclude=fc4.weight"})); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("prune.exclude: 'fc4.weight'"));
  EXPECT_EQ(error.hint(), "did you mean 'fc1.weight'?");
}

}  // namespace
}  // namespace pollard
