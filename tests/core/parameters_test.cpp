#include "core/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/example_parameters.h"
#include "core/files.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::example_table;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  void read(std::string_view text) { config_.read_toml_text(text, "a.toml"); }
  Error refused(std::string_view override_text) {
    return thrown_by([&] { config_.apply(override_text); });
  }
  Error refused_toml(std::string_view text) {
    return thrown_by([&] { read(text); });
  }

  const ParameterTable table_ = example_table();
  Config config_{table_};
};

TEST(ParameterTable, FindsAndListsInOrder) {
  const ParameterTable table = example_table();
  EXPECT_EQ(table.find("train.epochs")->help, "How long to train.");
  EXPECT_EQ(table.find("train.epoch"), nullptr);
  ASSERT_EQ(table.keys().size(), table.all().size());
  EXPECT_EQ(table.keys().front(), "seed");
  EXPECT_EQ(table.keys().back(), "prune.layers");
}

TEST(ParameterTable, RefusesDeclarationsThatCannotBeRight) {
  ParameterTable table = example_table();
  const auto refused = [&](Parameter parameter) {
    const Error error = thrown_by([&] { table.add(parameter); });
    EXPECT_EQ(error.code(), ErrorCode::Internal);
    return std::string(error.what());
  };
  const Parameter plain{.key = "x", .fallback = 0.5, .unit = "", .help = ""};
  Parameter twice = plain;
  twice.key = "seed";
  EXPECT_THAT(refused(twice), HasSubstr("twice"));
  Parameter outside = plain;
  outside.minimum = 1;
  EXPECT_THAT(refused(outside), HasSubstr("default"));
  Parameter orphan = plain;
  orphan.only_with = OnlyWith{"nowhere", {"a"}};
  EXPECT_THAT(refused(orphan), HasSubstr("not declared"));
  Parameter impossible = plain;
  impossible.only_with = OnlyWith{"train.schedule", {"step", "stairs"}};
  EXPECT_THAT(refused(impossible), HasSubstr("stairs"));
  EXPECT_EQ(table.find("x"), nullptr);
}

TEST_F(ConfigTest, StartsWithTheDefaults) {
  EXPECT_EQ(config_.integer("seed"), 1);
  EXPECT_EQ(config_.text("out"), "runs/a");
  EXPECT_EQ(config_.real("prune.sparsity"), 0.9);
  EXPECT_FALSE(config_.flag("train.nesterov"));
  EXPECT_THAT(config_.list("train.milestones"), ElementsAre(0.5, 0.75));
  EXPECT_TRUE(config_.given_keys().empty());
}

TEST_F(ConfigTest, LaterLayersWin) {
  read("seed = 2\n[train]\nepochs = 3\n");
  EXPECT_EQ(config_.integer("train.epochs"), 3);
  config_.apply("train.epochs=4");
  EXPECT_EQ(config_.integer("train.epochs"), 4);
  config_.apply("train.epochs=5");
  EXPECT_EQ(config_.integer("train.epochs"), 5);
  EXPECT_EQ(config_.integer("seed"), 2);
  EXPECT_THAT(config_.given_keys(), ElementsAre("seed", "train.epochs"));
  EXPECT_TRUE(config_.given("seed"));
  EXPECT_FALSE(config_.given("out"));
}

TEST_F(ConfigTest, ADefaultThatIsGivenCountsAsGiven) {
  config_.apply("train.epochs=160");
  EXPECT_TRUE(config_.given("train.epochs"));
}

TEST_F(ConfigTest, TomlTablesAreDottedKeysHoweverWritten) {
  for (const char* text : {"[train]\nepochs = 3", "train.epochs = 3", "train = {epochs = 3}",
                           "[train]\n'epochs' = 3"}) {
    Config config(table_);
    config.read_toml_text(text, "a.toml");
    EXPECT_EQ(config.integer("train.epochs"), 3) << text;
  }
}

TEST_F(ConfigTest, TomlGivesEveryType) {
  read(R"(
    out = "a\tb"
    [train]
    nesterov = true
    learning_rate = 1
    schedule = "linear"
    milestones = [0.25, 0.5]
  )");
  EXPECT_EQ(config_.text("out"), "a\tb");
  EXPECT_TRUE(config_.flag("train.nesterov"));
  EXPECT_EQ(config_.real("train.learning_rate"), 1.0);
  EXPECT_EQ(config_.text("train.schedule"), "linear");
  EXPECT_THAT(config_.list("train.milestones"), ElementsAre(0.25, 0.5));
}

TEST_F(ConfigTest, OverridesGiveEveryType) {
  for (const char* text : {"out=a=b c", "train.nesterov=true", "train.learning_rate=1e-4",
                           "train.schedule=cosine", "train.milestones=[0.25, 0.5]", "seed=9"}) {
    config_.apply(text);
  }
  EXPECT_EQ(config_.text("out"), "a=b c");
  EXPECT_TRUE(config_.flag("train.nesterov"));
  EXPECT_EQ(config_.real("train.learning_rate"), 1e-4);
  EXPECT_EQ(config_.text("train.schedule"), "cosine");
  EXPECT_THAT(config_.list("train.milestones"), ElementsAre(0.25, 0.5));
  EXPECT_EQ(config_.integer("seed"), 9);
}

TEST_F(ConfigTest, AnOverrideNeedsAKeyAndAnEqualsSign) {
  for (const char* text : {"train.epochs", "", "=3"}) {
    const Error error = refused(text);
    EXPECT_EQ(error.code(), ErrorCode::Usage);
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(ConfigTest, AnUnknownKeyNamesTheNearest) {
  const Error error = refused("prune.sparsty=0.5");
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(), "command line: unknown key 'prune.sparsty'");
  EXPECT_EQ(error.hint(), "did you mean 'prune.sparsity'?");
  EXPECT_THAT(refused("zzzzzzzzzzzz=1").hint(), HasSubstr("pollard parameters"));
  EXPECT_EQ(refused("train=1").code(), ErrorCode::Config);
}

TEST_F(ConfigTest, AnUnknownKeyInAFileHasItsLine) {
  const Error error = refused_toml("seed = 1\n\n[prune]\n# share\nsparsty = 0.5\n");
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(), "a.toml, line 5: unknown key 'prune.sparsty'");
  EXPECT_EQ(error.hint(), "did you mean 'prune.sparsity'?");
}

TEST_F(ConfigTest, OutOfRangeSaysKeyValueRangeAndOrigin) {
  EXPECT_STREQ(refused("prune.sparsity=1").what(),
               "command line: 'prune.sparsity' is 1.0, expected a finite number in [0, 1)");
  EXPECT_EQ(refused("prune.sparsity=1").hint(), "leave it out for the default, 0.9");
  EXPECT_STREQ(refused_toml("[prune]\nsparsity = 1.5").what(),
               "a.toml, line 2: 'prune.sparsity' is 1.5, expected a finite number in [0, 1)");
  EXPECT_STREQ(refused("train.epochs=0").what(),
               "command line: 'train.epochs' is 0, expected a whole number in [1, 100000]");
  EXPECT_STREQ(
      refused("train.milestones=0.5,1").what(),
      "command line: 'train.milestones' is [0.5, 1.0], expected a list of numbers in (0, 1)");
}

TEST_F(ConfigTest, AnUnknownChoiceNamesTheNearest) {
  const Error error = refused("train.schedule=cosin");
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(),
               "command line: 'train.schedule' is cosin, expected one of step, cosine, linear");
  EXPECT_EQ(error.hint(), "did you mean 'cosine'?");
  EXPECT_EQ(refused("train.schedule=zzzzzz").hint(), "leave it out for the default, step");
}

TEST_F(ConfigTest, AWrongTypeSaysWhatWasExpected) {
  EXPECT_STREQ(refused("train.epochs=3x").what(),
               "command line: 'train.epochs' is 3x, expected a whole number in [1, 100000]");
  EXPECT_STREQ(refused("train.epochs=").what(),
               "command line: 'train.epochs' is empty, expected a whole number in [1, 100000]");
  EXPECT_THAT(refused("train.epochs=99999999999999999999").what(), HasSubstr("a whole number"));
  EXPECT_THAT(refused("train.nesterov=yes").what(), HasSubstr("expected true or false"));
}

TEST_F(ConfigTest, AWrongTypeInAFileHasItsLine) {
  for (const char* value : {"\"3\"", "3.0", "true", "[3]", "1979-05-27", "[{a = 1}]"}) {
    const Error error = refused_toml("seed = 1\ntrain.epochs = " + std::string(value));
    EXPECT_EQ(error.code(), ErrorCode::Config) << value;
    EXPECT_THAT(error.what(), HasSubstr("a.toml, line 2: 'train.epochs' is ")) << value;
    EXPECT_THAT(error.what(), HasSubstr("expected a whole number")) << value;
  }
  for (const char* line : {"train.nesterov = 1", "train.learning_rate = \"0.1\"", "out = 3",
                           "train.milestones = 0.5", "train.milestones = [0.5, \"a\"]"}) {
    EXPECT_EQ(refused_toml(line).code(), ErrorCode::Config) << line;
  }
  EXPECT_TRUE(config_.given_keys() == std::set<std::string>{"seed"});
}

TEST_F(ConfigTest, WhatIsNotFiniteIsRefused) {
  for (const char* text : {"nan", "inf", "-inf", "1e999"}) {
    EXPECT_EQ(refused("train.learning_rate=" + std::string(text)).code(), ErrorCode::Config);
  }
  EXPECT_EQ(refused_toml("train.learning_rate = nan").code(), ErrorCode::Config);
  EXPECT_EQ(refused_toml("train.learning_rate = inf").code(), ErrorCode::Config);
}

TEST_F(ConfigTest, ARefusedValueChangesNothing) {
  (void)refused("prune.sparsity=2");
  EXPECT_EQ(config_.real("prune.sparsity"), 0.9);
  EXPECT_FALSE(config_.given("prune.sparsity"));
}

TEST_F(ConfigTest, BrokenTomlHasItsLine) {
  for (const char* text : {"seed = 1\ntrain = ", "seed = 1\nseed = 2", "seed = 1\n[train"}) {
    const Error error = refused_toml(text);
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("a.toml, line 2: not valid TOML")) << text;
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(ConfigTest, ReadsFiles) {
  const TemporaryFolder folder;
  write_file(folder / "c.toml", std::string_view("seed = 5\nsed = 1\n"));
  const Error error = thrown_by([&] { config_.read_toml(folder / "c.toml"); });
  EXPECT_THAT(error.what(), HasSubstr((folder / "c.toml").string() + ", line 2: "));
  write_file(folder / "c.toml", std::string_view("seed = 5\n"));
  config_.read_toml(folder / "c.toml");
  EXPECT_EQ(config_.integer("seed"), 5);
  EXPECT_EQ(thrown_by([&] { config_.read_toml(folder / "no.toml"); }).code(), ErrorCode::Io);
}

TEST_F(ConfigTest, AGivenKeyWithoutEffectIsAnError) {
  config_.apply("train.gamma=0.2");
  EXPECT_NO_THROW(config_.check_effective());
  config_.apply("train.schedule=cosine");
  const Error error = thrown_by([&] { config_.check_effective(); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(), "'train.gamma' has no effect with train.schedule=cosine");
  EXPECT_EQ(error.hint(), "it counts with train.schedule=step");
}

TEST_F(ConfigTest, AKeyThatWasNotGivenMayBeWithoutEffect) {
  config_.apply("train.schedule=cosine");
  EXPECT_NO_THROW(config_.check_effective());
  EXPECT_FALSE(config_.effective(*table_.find("train.gamma")));
  EXPECT_TRUE(config_.effective(*table_.find("train.epochs")));
}

TEST_F(ConfigTest, EachOfSeveralValuesSwitchesOn) {
  for (const auto& [schedule, effective] :
       {std::pair("step", true), std::pair("linear", true), std::pair("cosine", false)}) {
    config_.apply("train.schedule=" + std::string(schedule));
    EXPECT_EQ(config_.effective(*table_.find("train.milestones")), effective) << schedule;
  }
}

// train.smooth counts with train.gamma=0.1, which counts with train.schedule=step.
TEST_F(ConfigTest, ConditionsChain) {
  const Parameter& smooth = *table_.find("train.smooth");
  EXPECT_TRUE(config_.effective(smooth));
  config_.apply("train.smooth=true");
  config_.apply("train.schedule=cosine");
  EXPECT_FALSE(config_.effective(smooth));
  EXPECT_STREQ(thrown_by([&] { config_.check_effective(); }).what(),
               "'train.smooth' has no effect with train.schedule=cosine");
  config_.apply("train.schedule=step");
  config_.apply("train.gamma=0.5");
  EXPECT_STREQ(thrown_by([&] { config_.check_effective(); }).what(),
               "'train.smooth' has no effect with train.gamma=0.5");
}

TEST_F(ConfigTest, AskingForWhatIsNotThereIsOurMistake) {
  EXPECT_EQ(thrown_by([&] { (void)config_.real("nothing"); }).code(), ErrorCode::Internal);
  EXPECT_EQ(thrown_by([&] { (void)config_.real("seed"); }).code(), ErrorCode::Internal);
  EXPECT_EQ(thrown_by([&] { (void)config_.text("seed"); }).code(), ErrorCode::Internal);
}

}  // namespace
}  // namespace pollard
