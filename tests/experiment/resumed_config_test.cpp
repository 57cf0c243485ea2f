#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/small_run.h"

namespace pollard {
namespace {

using test::TemporaryFolder;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

Config config_of(const std::vector<std::string>& overrides) {
  Config config(parameter_table());
  for (const std::string& text : overrides) config.apply(text);
  return config;
}

class ResumedConfig : public ::testing::Test {
 protected:
  ResumedConfig() { write_file(folder_ / "config.toml", saved_.to_toml()); }
  [[nodiscard]] Config resumed(const std::vector<std::string>& given) const {
    return resumed_config(config_of(given), folder_.path());
  }
  Error refused(const std::vector<std::string>& given) {
    return thrown_by([&] { (void)resumed(given); });
  }

  const TemporaryFolder folder_;
  const Config saved_ = config_of({"model=lenet5", "data=mnist", "data.path=/some where", "seed=7",
                                   "threads=2", "train.epochs=3", "train.lr=0.3",
                                   "train.milestones=[0.25, 0.5]", "metrics.interval=9"});
};

TEST_F(ResumedConfig, WithoutASavedOneIsTheGivenOne) {
  const TemporaryFolder empty;
  const Config given = config_of({"seed=3"});
  EXPECT_EQ(resumed_config(given, empty.path()).to_toml(), given.to_toml());
  EXPECT_EQ(resumed_config(given, empty / "nowhere").to_toml(), given.to_toml());
  // A name that the file system refuses: what is wrong with it is said when the folder is made.
  EXPECT_EQ(resumed_config(given, empty / std::string(300, 'x')).to_toml(), given.to_toml());
}

// Whether a key counts is decided with the saved settings: to repeat train.rise, which counts only
// with the schedule it was saved with, was once refused.
TEST_F(ResumedConfig, LooksForKeysWithoutEffectOnlyWhereNothingIsSaved) {
  const TemporaryFolder empty, other;
  const Config given = config_of({"train.rise=0.2"});
  EXPECT_THAT(thrown_by([&] { (void)resumed_config(given, empty.path()); }).what(),
              HasSubstr("train.rise"));
  const Config saved = config_of({"train.schedule=onecycle", "train.rise=0.2"});
  write_file(other / "config.toml", saved.to_toml());
  EXPECT_EQ(resumed_config(given, other.path()).to_toml(), saved.to_toml());
}

TEST_F(ResumedConfig, IsTheSavedOneWhereNothingIsGiven) {
  EXPECT_EQ(resumed({}).to_toml(), saved_.to_toml());
}

TEST_F(ResumedConfig, MayRepeatWhatWasSaved) {
  EXPECT_EQ(
      resumed({"seed=7", "data=mnist", "train.lr=3e-1", "train.milestones=0.25,0.5"}).to_toml(),
      saved_.to_toml());
}

TEST_F(ResumedConfig, RefusesWhatWouldChangeTheResult) {
  const Error error = refused({"train.epochs=4"});
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("'train.epochs' is 4"), HasSubstr("started with 3"),
                                  HasSubstr(folder_.path().string())));
  EXPECT_THAT(error.hint(), HasSubstr("out=DIR"));
  for (const auto& [key, value] : {std::pair("seed", "8"),
                                   {"model", "lenet-300-100"},
                                   {"data", "fashion-mnist"},
                                   {"weights", "w.safetensors"},
                                   {"prune.sparsity", "0.8"},
                                   {"device", "cuda"}}) {
    EXPECT_THAT(refused({std::string(key) + "=" + value}).what(),
                HasSubstr(std::string(key) + "' is " + value));
  }
}

// The default is a wish too, where the user writes it.
TEST_F(ResumedConfig, RefusesADefaultThatIsGivenAgainstTheSavedValue) {
  EXPECT_THAT(refused({"train.epochs=160"}).what(), HasSubstr("'train.epochs' is 160"));
}

TEST_F(ResumedConfig, TakesWhatDoesNotChangeTheResult) {
  const Config config = resumed({"data.path=/else where", "metrics.interval=1", "out=there",
                                 "data.loader_threads=4", "checkpoint.interval=1.5"});
  EXPECT_EQ(config.text("data.path"), "/else where");
  EXPECT_EQ(config.integer("metrics.interval"), 1);
  EXPECT_EQ(config.text("out"), "there");
  EXPECT_EQ(config.integer("data.loader_threads"), 4);
  EXPECT_EQ(config.real("checkpoint.interval"), 1.5);
  EXPECT_EQ(config.integer("seed"), 7);
}

// threads=0 on this machine may be what threads=2 was on that one; the runner counts them.
TEST_F(ResumedConfig, LeavesThreadsToTheRunner) {
  EXPECT_EQ(resumed({"threads=4"}).integer("threads"), 4);
}

TEST_F(ResumedConfig, ASavedFileThatIsBrokenIsNamed) {
  write_file(folder_ / "config.toml", std::string_view("seed = \n"));
  const Error error = refused({});
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr((folder_ / "config.toml").string()));
}

}  // namespace
}  // namespace pollard
