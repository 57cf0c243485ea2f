#include "experiment/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/hash.h"
#include "experiment/parameters.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

using Overrides = std::vector<std::string>;

Config config_of(const Overrides& overrides) {
  Config config(parameter_table());
  for (const std::string& text : overrides) config.apply(text);
  return config;
}

// 266,200 prunable weights: 784 x 300 + 300 x 100 + 100 x 10.
std::vector<Stage> plan(const Overrides& overrides, ChainKind chain = ChainKind::Whole,
                        std::string_view weights_hash = "") {
  static const Graph graph = build_network("lenet-300-100", {1, 28, 28}, 10);
  Overrides all = {"model=lenet-300-100"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return plan_stages(config_of(all), graph, chain, {"data", std::string(weights_hash)});
}

template <typename T>
std::vector<T> each(const std::vector<Stage>& stages, T Stage::*member) {
  std::vector<T> values;
  for (const Stage& stage : stages) values.push_back(stage.*member);
  return values;
}

std::vector<std::string> ids(const Overrides& overrides) {
  return each(plan(overrides), &Stage::id);
}

// Training through a cache of pictures sees other pixels, wherever the cache lies.
TEST(Stages, TellWhetherPicturesAreCached) {
  const Overrides plain = {"data=imagenet"};
  const Overrides one = {"data=imagenet", "data.cache=a"},
                  other = {"data=imagenet", "data.cache=b"};
  EXPECT_NE(ids(plain).front(), ids(one).front());
  EXPECT_EQ(ids(one), ids(other));
}

// A parameter that is new in Pollard, at its default, is in nobody's id.
TEST(StageIds, AreThoseOfBeforeWhereANewParameterIsAtItsDefault) {
  ParameterTable table = parameter_table();
  table.add({.key = "train.new", .fallback = 0.5, .unit = "", .help = "New."});
  const Graph graph = build_network("lenet-300-100", {1, 28, 28}, 10);
  Config config(table);
  config.apply("model=lenet-300-100");
  const auto with_new = [&] {
    return each(plan_stages(config, graph, ChainKind::Whole, {"data", ""}), &Stage::id);
  };
  EXPECT_EQ(with_new(), ids({}));
  config.apply("train.new=0.6");
  EXPECT_NE(with_new().front(), ids({}).front());
}

// Ids leave defaults out, so a default that changes would give other work the ids of before.
TEST(StageIds, RestOnDefaultsThatStay) {
  std::string defaults;
  for (const Parameter& parameter : parameter_table().all()) {
    if (parameter.identity) defaults += parameter.key + "=" + to_text(parameter.fallback) + "\n";
  }
  EXPECT_EQ(content_hash(defaults), "02c451804ae20de0db7bd7ec83a3e709")
      << "a parameter is new or gone, or a default changed. Where a default changed, raise "
         "kSemanticsVersion; then put the new hash here. The defaults now:\n"
      << defaults;
}

TEST(StageIds, DependOnTheImages) {
  const Graph graph = build_network("lenet-300-100", {1, 28, 28}, 10);
  const auto of = [&](const char* data) {
    return each(
        plan_stages(config_of({"model=lenet-300-100"}), graph, ChainKind::Whole, {data, ""}),
        &Stage::id);
  };
  EXPECT_EQ(of("data"), ids({}));
  EXPECT_NE(of("other").front(), ids({}).front());
}

// The longer retraining knows the ids of the shorter ones that it contains.
TEST(StageIds, OfRetrainingsAtAConstantRateNameTheShorterOnes) {
  for (const std::string schedule : {"ft", "constant"}) {
    const auto last = [&](const std::string& epochs) {
      return plan({"retrain.schedule=" + schedule, "retrain.epochs=" + epochs}).back();
    };
    EXPECT_THAT(last("3").shorter, ElementsAre(last("1").id, last("2").id)) << schedule;
    EXPECT_EQ(last("1").series, last("1").id) << schedule;
    EXPECT_EQ(last("3").series, last("1").id) << schedule;
  }
  EXPECT_TRUE(plan({"retrain.schedule=slr", "retrain.epochs=3"}).back().shorter.empty());
}

/// How many of the first stages are the same work as without the overrides.
std::size_t shared_with_default(const Overrides& overrides) {
  const std::vector<std::string> ours = ids(overrides), theirs = ids({});
  std::size_t count = 0;
  while (count < ours.size() && count < theirs.size() && ours[count] == theirs[count]) ++count;
  for (std::size_t i = count; i < std::min(ours.size(), theirs.size()); ++i)
    EXPECT_NE(ours[i], theirs[i]) << "a stage behind one that differs, " << i;
  return count;
}

// Kept: 266200 - round(266200 (1 - 0.1^(c/3))), computed with 60 decimal digits.
TEST(Stages, OfThreeCycles) {
  const std::vector<Stage> stages =
      plan({"prune.cycles=3", "prune.sparsity=0.9", "train.epochs=7", "retrain.epochs=2"});
  EXPECT_THAT(each(stages, &Stage::label),
              ElementsAre("train", "prune 1/3", "retrain 1/3", "prune 2/3", "retrain 2/3",
                          "prune 3/3", "retrain 3/3"));
  EXPECT_THAT(each(stages, &Stage::kind),
              ElementsAre(StageKind::Train, StageKind::Prune, StageKind::Retrain, StageKind::Prune,
                          StageKind::Retrain, StageKind::Prune, StageKind::Retrain));
  EXPECT_THAT(each(stages, &Stage::epochs), ElementsAre(7, 0, 2, 0, 2, 0, 2));
  EXPECT_THAT(each(stages, &Stage::cycle), ElementsAre(0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(each(stages, &Stage::kept), ElementsAre(0, 123559, 0, 57351, 0, 26620, 0));
  EXPECT_THAT(each(stages, &Stage::of), ElementsAre(0, 266200, 0, 266200, 0, 266200, 0));
  EXPECT_NEAR(stages[1].sparsity, 0.5358411166387221, 1e-15);
  EXPECT_NEAR(stages[3].sparsity, 0.7845565309968117, 1e-15);
  EXPECT_EQ(stages[5].sparsity, 0.9);
}

TEST(Stages, OfOneCycleNeedNoNumbers) {
  EXPECT_THAT(each(plan({}), &Stage::label), ElementsAre("train", "prune", "retrain"));
  EXPECT_THAT(each(plan({}), &Stage::kept), ElementsAre(0, 26620, 0));
}

// Renda et al.: 0.8^3 = 0.512 and 0.8^4 = 0.4096, so half the weights are gone after 4 cycles;
// 266200 * 0.8^c, rounded.
TEST(Stages, OfAFixedRate) {
  const std::vector<Stage> stages =
      plan({"prune.cycles=0", "prune.sparsity=0.5", "retrain.epochs=0"});
  EXPECT_THAT(each(stages, &Stage::kept), ElementsAre(0, 212960, 170368, 136294, 109036));
  EXPECT_NEAR(stages[4].sparsity, 1 - 0.4096, 1e-12);
  EXPECT_EQ(plan({"prune.cycles=0", "prune.rate=0.5", "prune.sparsity=0.75"}).size(), 1 + 2 * 2U);
}

// 20 = 8 dense + 12 over 5 cycles: 2 each, and what remains, 2 more, to the last.
TEST(Stages, OfImpWithinTheRegularBudget) {
  const Overrides budget = {"train.epochs=20", "train.dense_epochs=8"};
  EXPECT_THAT(each(plan(budget), &Stage::epochs), ElementsAre(8, 0, 12));
  Overrides cycles = budget;
  cycles.emplace_back("prune.cycles=5");
  EXPECT_THAT(each(plan(cycles), &Stage::epochs), ElementsAre(8, 0, 2, 0, 2, 0, 2, 0, 2, 0, 4));
  cycles.back() = "prune.cycles=13";
  const Error error = thrown_by([&] { (void)plan(cycles); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("train.dense_epochs=8 leaves 12 of 20 epochs for 13 cycles"));
}

// 0.75 in two cycles and 0.875 in three remove half of what is left each: the second cycle is the
// same work, unless its retraining depends on whether it is the last.
TEST(StageIds, OfAllrDependOnTheLastCycleWhereThatCounts) {
  const auto second = [](const std::string& sparsity, const std::string& cycles,
                         const std::string& which) {
    return ids({"retrain.schedule=allr", "prune.sparsity=" + sparsity, "prune.cycles=" + cycles,
                "retrain.allr_cycles=" + which})[4];
  };
  EXPECT_EQ(second("0.75", "2", "all"), second("0.875", "3", "all"));
  EXPECT_NE(second("0.75", "2", "last"), second("0.875", "3", "last"));
}

TEST(Stages, OfRecalibration) {
  const auto labels = [](const Overrides& overrides) {
    Overrides all = {"recalibrate.batches=4"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return each(plan(all), &Stage::label);
  };
  EXPECT_THAT(labels({}), ElementsAre("train", "prune", "recalibrate", "retrain"));
  EXPECT_THAT(labels({"recalibrate.after=retrain"}),
              ElementsAre("train", "prune", "retrain", "recalibrate"));
  EXPECT_THAT(labels({"recalibrate.after=both"}),
              ElementsAre("train", "prune", "recalibrate", "retrain", "recalibrate"));
  EXPECT_THAT(labels({"recalibrate.after=both", "retrain.epochs=0"}),
              ElementsAre("train", "prune", "recalibrate"));
}

TEST(Stages, WithoutRetrainingEpochsThereIsNoRetraining) {
  EXPECT_THAT(each(plan({"retrain.epochs=0", "prune.cycles=2"}), &Stage::label),
              ElementsAre("train", "prune 1/2", "prune 2/2"));
}

TEST(Stages, OfTheVerbs) {
  const Overrides weights = {"weights=w.safetensors", "prune.cycles=2"};
  const auto labels = [&](const Overrides& overrides, ChainKind chain) {
    return each(plan(overrides, chain, "00"), &Stage::label);
  };
  EXPECT_THAT(labels({"prune.cycles=2"}, ChainKind::TrainOnly), ElementsAre("train"));
  EXPECT_THAT(labels(weights, ChainKind::Whole),
              ElementsAre("import", "prune 1/2", "retrain 1/2", "prune 2/2", "retrain 2/2"));
  EXPECT_THAT(labels(weights, ChainKind::PruneImport), labels(weights, ChainKind::Whole));
  EXPECT_THAT(labels(weights, ChainKind::RetrainImport), ElementsAre("import", "retrain"));
}

TEST(Stages, WeightsAreRequiredWhereNothingTrains) {
  for (const ChainKind chain : {ChainKind::PruneImport, ChainKind::RetrainImport}) {
    const Error error = thrown_by([&] { (void)plan({}, chain); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("weights"));
    EXPECT_THAT(error.hint(), HasSubstr("weights=FILE"));
  }
}

TEST(Stages, WeightsAreRefusedWhereTheyHaveNoEffect) {
  const Error error =
      thrown_by([&] { (void)plan({"weights=w.safetensors"}, ChainKind::TrainOnly, "00"); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("'weights' has no effect"));
  EXPECT_FALSE(error.hint().empty());
}

TEST(Stages, ARetrainingOfNoEpochsIsAnError) {
  const Error error = thrown_by([&] {
    (void)plan({"weights=w.safetensors", "retrain.epochs=0"}, ChainKind::RetrainImport, "00");
  });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("retrain.epochs"));
}

// ---- identity ----------------------------------------------------------------------------------

TEST(StageIds, AreHashesAllDifferent) {
  const std::vector<std::string> all = ids({"prune.cycles=5"});
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 11U);
  for (const std::string& id : all) EXPECT_THAT(id, MatchesRegex("[0-9a-f]{32}"));
}

TEST(StageIds, OfTheSameSettingsAreTheSame) {
  EXPECT_EQ(ids({}), ids({}));
  EXPECT_EQ(ids({"seed=1", "train.epochs=160"}), ids({}));  // given or not
  EXPECT_EQ(ids({"train.epochs=3", "seed=2"}), ids({"seed=2", "train.epochs=3"}));
}

TEST(StageIds, OfTheCommonPrefixAreTheSame) {
  EXPECT_EQ(shared_with_default({"retrain.epochs=31"}), 2U);
  EXPECT_EQ(shared_with_default({"retrain.schedule=ft"}), 2U);
  EXPECT_EQ(shared_with_default({"retrain.warmup=0.2"}), 2U);
  EXPECT_EQ(shared_with_default({"retrain.reset_momentum=true"}), 2U);
  EXPECT_EQ(shared_with_default({"recalibrate.batches=4"}), 2U);
  EXPECT_EQ(shared_with_default({"prune.sparsity=0.8"}), 1U);
  EXPECT_EQ(shared_with_default({"prune.cycles=2"}), 1U);
  EXPECT_EQ(plan({}, ChainKind::TrainOnly)[0].id, ids({})[0]);
}

// With every key of the table that the training can depend on, so that a new one is not forgotten.
TEST(StageIds, DependOnEverythingThatChangesTheTraining) {
  const Overrides changes = {"seed=2",
                             "train.epochs=161",
                             "train.dense_epochs=80",
                             "amp=true",
                             "train.batch_size=127",
                             "train.lr=0.2",
                             "train.schedule=cosine",
                             "train.gamma=0.2",
                             "train.milestones=[0.4]",
                             "train.warmup=1",
                             "train.momentum=0.8",
                             "train.nesterov=false",
                             "train.weight_decay=0",
                             "train.decay_all=false",
                             "train.label_smoothing=0.1",
                             "train.sync_batch_norm=true",
                             "initialization=kaiming",
                             "device=cuda",
                             "channels_last=false",
                             "fused=false",
                             "model=lenet5",
                             "data=mnist",
                             "data.limit=100",
                             "data.validation=0.1",
                             "data.normalization=none",
                             "data.augmentation=none"};
  const std::map<std::string, std::string> switched = {
      {"data.flip=true", "data.augmentation=custom"},
      {"data.crop_padding=1", "data.augmentation=custom"},
      {"data.rotation=5", "data.augmentation=custom"},
      {"data.smallest_part=0.5", "data.augmentation=custom"},
      {"data.image_size=192", "data=imagefolder"},
      {"data.resize=300", "data=imagefolder"},
      {"train.dropout=0.1", "model=wrn-16-4"},
      {"train.last_momentum=0.5", "model=wrn-16-4"},
      {"method.cs.s0=0.1", "train.method=cs"},
      {"method.cs.beta=100", "train.method=cs"},
      {"method.cs.penalty=1e-4", "train.method=cs"},
      {"method.cs.hardness=0", "train.method=cs"},
      {"method.cs.double_decay=true", "train.method=cs"},
      {"method.target_sparsity=0.5", "train.method=cs"},
      {"method.dst.penalty=1e-4", "train.method=dst"},
      {"method.dst.floor=0.02", "train.method=dst"},
      {"method.dst.double_decay=true", "train.method=dst"},
      {"method.str.s0=-5", "train.method=str"},
      {"method.str.scope=global", "train.method=str"},
      {"method.dnw.scope=layer", "train.method=dnw"},
      {"method.dpf.interval=8", "train.method=dpf"},
      {"method.gmp.interval=2", "train.method=gmp"},
      {"method.gmp.mode=recovering", "train.method=gmp"},
      {"method.gmp.allocation=uniform", "train.method=gmp"},
      {"method.gsm.rank_scope=all", "train.method=gsm"},
      {"method.lc.growth=1.2", "train.method=lc"},
      {"method.lc.steps=20", "train.method=lc"},
      {"method.lc.rank_scope=all", "train.method=lc"},
      {"method.lc.variant=original", "train.method=lc"},
      {"train.rise=0.2", "train.schedule=onecycle"}};
  std::set<std::string> tried = {"weights", "threads", "train.method"};  // (there is one method)
  for (const std::string& change : changes) {
    EXPECT_EQ(shared_with_default({change}), 0U) << change;
    tried.insert(change.substr(0, change.find('=')));
  }
  for (const auto& [change, with] : switched) {
    EXPECT_NE(ids({with, change})[0], ids({with})[0]) << change;
    tried.insert(change.substr(0, change.find('=')));
  }
  // By a key that is switched itself.
  const Overrides original = {"train.method=lc", "method.lc.variant=original"};
  EXPECT_NE(ids({original[0], original[1], "method.lc.mu=0.01"})[0], ids(original)[0]);
  tried.insert("method.lc.mu");
  for (const Parameter& parameter : parameter_table().all()) {
    const bool later = parameter.key.starts_with("prune.") ||
                       parameter.key.starts_with("retrain.") ||
                       parameter.key.starts_with("recalibrate.");
    const bool counts = parameter.identity && !later;
    EXPECT_TRUE(!counts || tried.contains(parameter.key)) << parameter.key;
  }
}

// Likewise every key of the retraining, with what it takes to make it count.
TEST(StageIds, OfRetrainingDependOnEverythingThatChangesIt) {
  const std::map<std::string, Overrides> changes = {
      {"retrain.epochs=31", {}},
      {"retrain.schedule=ft", {}},
      {"retrain.warmup=0.2", {}},
      {"retrain.warmup_from=0.001", {}},
      {"retrain.reset_momentum=true", {}},
      {"retrain.lr=0.2", {"retrain.schedule=constant"}},
      {"retrain.end_lr=0.01", {"retrain.schedule=cosine"}},
      {"retrain.milestones=[0.4]", {"retrain.schedule=step"}},
      {"retrain.gamma=0.2", {"retrain.schedule=step"}},
      {"retrain.allr_norm=prunable", {"retrain.schedule=allr"}},
      {"retrain.allr_cycles=last", {"retrain.schedule=allr"}}};
  std::set<std::string> tried;
  for (const auto& [change, with] : changes) {
    Overrides changed = with;
    changed.push_back(change);
    const std::vector<std::string> theirs = ids(with), ours = ids(changed);
    EXPECT_EQ(ours[1], theirs[1]) << change;
    EXPECT_NE(ours[2], theirs[2]) << change;
    tried.insert(change.substr(0, change.find('=')));
  }
  for (const Parameter& parameter : parameter_table().all()) {
    const bool counts = parameter.identity && parameter.key.starts_with("retrain.");
    EXPECT_TRUE(!counts || tried.contains(parameter.key)) << parameter.key;
  }
}

TEST(StageIds, DoNotDependOnWhatDoesNotChangeResults) {
  for (const char* text :
       {"data.path=/elsewhere", "data.loader_threads=4", "out=somewhere", "checkpoint.interval=1",
        "metrics.interval=7", "threads=3", "retrain.engine=sparse"}) {
    EXPECT_EQ(ids({text}), ids({})) << text;
  }
}

TEST(StageIds, DoNotDependOnKeysWithoutEffect) {
  const std::string cosine = "train.schedule=cosine";
  EXPECT_EQ(ids({cosine, "train.gamma=0.5"}), ids({cosine}));
  EXPECT_EQ(ids({cosine, "train.milestones=[0.1]"}), ids({cosine}));
  EXPECT_EQ(ids({"data.flip=true"}), ids({}));
  EXPECT_EQ(ids({"retrain.schedule=ft", "retrain.warmup=0.3"}), ids({"retrain.schedule=ft"}));
}

TEST(StageIds, OfAnImportDependOnTheContentNotOnItsName) {
  const auto imported = [](const Overrides& overrides, std::string_view hash) {
    Overrides all = {"weights=a.safetensors"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return each(plan(all, ChainKind::Whole, hash), &Stage::id);
  };
  const std::vector<std::string> first = imported({}, "aa");
  EXPECT_EQ(imported({"weights=b.safetensors"}, "aa"), first);
  const std::vector<std::string> other = imported({}, "ab");
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NE(other[i], first[i]) << i;
  // Retraining takes the seed, the batches and the original schedule.
  for (const char* text : {"seed=2", "train.epochs=161", "data.augmentation=none"})
    EXPECT_NE(imported({text}, "aa").back(), first.back()) << text;
}

// An import's accuracy is measured on the data, and pruning's stability is relative to it: equal
// ids with other data would pass one for the other.
TEST(StageIds, OfAnImportDependOnTheDataTheyAreTestedOn) {
  const auto first_id = [](const std::string& text) {
    return plan({"weights=a.safetensors", text}, ChainKind::Whole, "aa")[0].id;
  };
  EXPECT_NE(first_id("data=mnist"), first_id("data=fashion-mnist"));
  EXPECT_NE(first_id("data.normalization=none"), first_id("data.normalization=auto"));
  // Nothing is trained by then.
  EXPECT_EQ(first_id("seed=2"), first_id("seed=1"));
}

}  // namespace
}  // namespace pollard
