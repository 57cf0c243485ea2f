#include "experiment/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "method/registry.h"
#include "pollard/batches.h"
#include "pollard/dataset.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/schedule.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::UnorderedElementsAre;

const Parameter& find(std::string_view key) {
  const Parameter* parameter = parameter_table().find(key);
  if (parameter == nullptr) throw std::runtime_error("no parameter " + std::string(key));
  return *parameter;
}

TEST(Parameters, AreAllExplained) {
  EXPECT_GE(parameter_table().all().size(), 40U);
  for (const Parameter& parameter : parameter_table().all()) {
    EXPECT_THAT(parameter.key, MatchesRegex("[a-z_]+([.][a-z_0-9]+){0,2}"));
    EXPECT_THAT(parameter.help, MatchesRegex("[A-Za-z].*[.]")) << parameter.key;
    EXPECT_THAT(parameter.help, ::testing::Not(HasSubstr("  "))) << parameter.key;
  }
}

TEST(Parameters, OfNumbersHaveALowerBound) {
  for (const Parameter& parameter : parameter_table().all()) {
    const bool number = std::holds_alternative<std::int64_t>(parameter.fallback) ||
                        std::holds_alternative<double>(parameter.fallback);
    EXPECT_TRUE(!number || parameter.minimum.has_value()) << parameter.key;
  }
}

// Programs and papers of others name these keys: with their types they must stay.
TEST(Parameters, HaveTheKeysThatProgramsRelyOn) {
  for (const char* key : {"model", "weights", "data", "data.path", "data.normalization", "out",
                          "device", "train.method", "prune.allocation", "retrain.schedule"}) {
    EXPECT_TRUE(std::holds_alternative<std::string>(find(key).fallback)) << key;
  }
  for (const char* key : {"data.limit", "seed", "threads", "train.epochs", "train.batch_size",
                          "prune.cycles", "retrain.epochs"}) {
    EXPECT_TRUE(std::holds_alternative<std::int64_t>(find(key).fallback)) << key;
  }
  EXPECT_TRUE(std::holds_alternative<double>(find("prune.sparsity").fallback));
  for (const char* name : {"cifar", "imagenet", "cifar10", "mnist"}) {
    EXPECT_THAT(find("data.normalization").choices, Contains(name));
  }
}

// What does not change results; everything else must be part of a stage's identity.
TEST(Parameters, OutsideIdentityAreTheseOnly) {
  std::vector<std::string> outside;
  for (const Parameter& parameter : parameter_table().all()) {
    if (!parameter.identity) outside.push_back(parameter.key);
  }
  EXPECT_THAT(outside,
              UnorderedElementsAre("out", "store", "threads", "data.path", "data.cache",
                                   "data.loader_threads", "train.peer_timeout", "train.engine",
                                   "retrain.engine", "checkpoint.interval", "metrics.interval"));
}

// A choice that nothing behind the table knows would be refused only after the data is loaded.
TEST(Parameters, EveryChoiceIsKnownToWhoTakesIt) {
  for (const std::string& name : find("model").choices)
    EXPECT_NO_THROW((void)build_network(name, {1, 28, 28}, 10)) << name;
  for (const std::string& name : find("train.method").choices)
    EXPECT_NO_THROW((void)make_method(name, Config(parameter_table()))) << name;
  for (const std::string& name : find("train.schedule").choices)
    EXPECT_NO_THROW((void)dense_rates({.kind = name}, 4, 5)) << name;
  for (const std::string& name : find("retrain.schedule").choices)
    EXPECT_NO_THROW((void)retraining_rates({.kind = name}, dense_rates({}, 4, 5), 5)) << name;
  for (const std::string& name : find("data.normalization").choices) {
    if (name == "auto") continue;
    const bool grey = name.find("mnist") != std::string::npos;
    EXPECT_NO_THROW((void)normalization(name, grey ? 1 : 3)) << name;
  }
  for (const std::string& name : find("data").choices) {
    const Error error = thrown_by([&] { (void)load_dataset(name, "/nowhere", 0); });
    EXPECT_EQ(error.code(), ErrorCode::Io) << name;  // an unknown name would be Config
  }
}

TEST(Parameters, WithoutEffectAreRefused) {
  const auto refused = [](std::initializer_list<const char*> overrides) {
    Config config(parameter_table());
    for (const char* text : overrides) config.apply(text);
    return thrown_by([&] { config.check_effective(); });
  };
  EXPECT_THAT(refused({"train.schedule=cosine", "train.gamma=0.5"}).what(),
              HasSubstr("train.gamma"));
  EXPECT_THAT(refused({"train.schedule=linear", "train.milestones=[0.1]"}).what(),
              HasSubstr("train.milestones"));
  EXPECT_THAT(refused({"train.rise=0.5"}).what(), HasSubstr("train.rise"));
  EXPECT_THAT(refused({"train.schedule=onecycle", "train.warmup=1"}).what(),
              HasSubstr("train.warmup"));
  EXPECT_THAT(refused({"retrain.schedule=ft", "retrain.warmup=0.2"}).what(),
              HasSubstr("retrain.warmup"));
  for (const char* schedule : {"ft", "lrw", "constant"}) {
    const std::string chosen = std::string("retrain.schedule=") + schedule;
    EXPECT_THAT(refused({chosen.c_str(), "retrain.warmup_from=0.001"}).what(),
                HasSubstr("retrain.warmup_from"));
  }
  for (const char* schedule : {"slr", "ft", "lrw", "clr", "llr", "allr"}) {
    const std::string chosen = std::string("retrain.schedule=") + schedule;
    for (const char* key :
         {"retrain.lr=0.1", "retrain.end_lr=0", "retrain.milestones=[0.5]", "retrain.gamma=0.1"}) {
      EXPECT_THAT(refused({chosen.c_str(), key}).what(), HasSubstr(chosen)) << key;
    }
  }
  EXPECT_THAT(refused({"retrain.schedule=constant", "retrain.end_lr=0"}).hint(),
              HasSubstr("retrain.schedule=cosine or linear"));
  EXPECT_THAT(refused({"retrain.schedule=linear", "retrain.gamma=0.1"}).hint(),
              HasSubstr("retrain.schedule=step"));
  for (const char* key : {"retrain.allr_norm=all", "retrain.allr_cycles=all"}) {
    EXPECT_THAT(refused({"retrain.schedule=llr", key}).hint(), HasSubstr("retrain.schedule=allr"));
  }
  for (const char* key : {"data.crop_padding=1", "data.flip=true", "data.rotation=5"}) {
    EXPECT_THAT(refused({key}).hint(), HasSubstr("data.augmentation=custom"));
  }
}

TEST(Parameters, SurviveTheFileThatARunSaves) {
  Config config(parameter_table());
  for (const char* text :
       {"model=lenet5", "data=cifar10", "data.path=a \"b\" # c", "train.lr=0.30000000000000004",
        "train.milestones=[0.3, 0.6, 0.9]", "train.nesterov=false", "seed=9007199254740993"}) {
    config.apply(text);
  }
  Config again(parameter_table());
  again.read_toml_text(config.to_toml(), "config.toml");
  for (const Parameter& parameter : parameter_table().all())
    EXPECT_EQ(again.value(parameter.key), config.value(parameter.key)) << parameter.key;
  EXPECT_EQ(again.to_toml(), config.to_toml());
}

TEST(CheckReadBy, NamesTheKeyThatTheVerbDoesNotRead) {
  Config config(parameter_table());
  const std::vector<std::string_view> groups = {"model", "train"};
  EXPECT_NO_THROW(check_read_by(config, "train", groups));  // defaults are nobody's wish
  config.apply("model=lenet5");
  config.apply("train.epochs=3");
  EXPECT_NO_THROW(check_read_by(config, "train", groups));
  config.apply("prune.sparsity=0.9");  // the default, but the user asked for it
  const Error error = thrown_by([&] { check_read_by(config, "train", groups); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(), "'prune.sparsity' has no effect on `pollard train`");
  EXPECT_FALSE(error.hint().empty());
}

// "train" covers train.epochs, "data" both data and data.path, but "trainer" would cover neither.
TEST(CheckReadBy, GroupsAreWholeFirstWords) {
  Config config(parameter_table());
  config.apply("data=mnist");
  config.apply("data.path=x");
  const std::vector<std::string_view> data = {"data"}, dat = {"dat", "data.path", "datas"};
  EXPECT_NO_THROW(check_read_by(config, "plan", data));
  EXPECT_THAT(thrown_by([&] { check_read_by(config, "plan", dat); }).what(), HasSubstr("'data'"));
  EXPECT_THAT(thrown_by([&] { check_read_by(config, "plan", {}); }).what(), HasSubstr("'data'"));
}

}  // namespace
}  // namespace pollard
