// A run that is interrupted, killed or damaged ends in the same bits as one that is not. The long
// cases are in runner_interrupt_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/progress_record.h"
#include "experiment/resume.h"
#include "train/checkpoint.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::damage;
using test::interrupted_run;
using test::json_of;
using test::Listener;
using test::resume;
using test::run;
using test::SmallRuns;
using test::snapshot;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Bar = Listener::Bar;

std::vector<std::string> kinds(const json& stages) {
  std::vector<std::string> kinds;
  for (const json& stage : stages) kinds.push_back(stage["kind"]);
  return kinds;
}

ProgressRecord record_in(const fs::path& folder) {
  return decode_progress(
      load_checkpoint(folder / "checkpoints", silent_progress()).value().progress);
}

using Resume = test::ResumeTest;

TEST_F(Resume, AfterASignalAtEveryStepEndsInTheSameBits) {
  const Config config = runs_->config("halting");
  (void)interrupted_run(config, 1);
  for (int again = 1; again < SmallRuns::kAdvances; ++again) (void)interrupted_run(config, 1, true);
  Listener listener;
  expect_whole("halting", resume(config, listener));
  EXPECT_EQ(listener.advances, 0) << "the last step was done";
}

// As kill -9 leaves it: the folder of a moment between two writes.
TEST_F(Resume, AfterAKillGoesOnFromTheLastCheckpoint) {
  const Config config = runs_->config("killed", {"checkpoint.interval=0"});
  (void)interrupted_run(config, 14);  // the second of five steps of retraining
  fs::copy(runs_->at("killed"), runs_->at("copy"), fs::copy_options::recursive);
  (void)interrupted_run(config, 2, true);
  for (const char* name : {"checkpoints", "config.toml"}) {  // the logs are ahead, as after a kill
    fs::remove_all(runs_->at("killed") / name);
    fs::copy(runs_->at("copy") / name, runs_->at("killed") / name, fs::copy_options::recursive);
  }
  write_file(runs_->at("killed") / "checkpoints/last.safetensors.part", std::string_view("half"));
  fs::remove(runs_->at("killed") / "result.json");
  Listener listener;
  expect_whole("killed", resume(config, listener));
  EXPECT_EQ(listener.bars.front(), (Bar{"retrain 1/2", 5, 3}));
}

TEST_F(Resume, SaysWhereItGoesOn) {
  const Config config = runs_->config("told");
  const Error error = interrupted_run(config, 7);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("train"), HasSubstr("epoch 2"), HasSubstr("step 2")));
  Listener listener;
  (void)resume(config, listener);
  EXPECT_THAT(listener.notes, HasSubstr("going on in stage 1 of 5 (train), epoch 2, step 2"));
  EXPECT_THAT(listener.bars, ::testing::ElementsAre(Bar{"train", 10, 7}, Bar{"evaluate", 1, 0},
                                                    Bar{"retrain 1/2", 5, 0}, Bar{"evaluate", 1, 0},
                                                    Bar{"retrain 2/2", 5, 0}));
}

TEST_F(Resume, AnInterruptedResultHasTheFinishedStages) {
  const Config config = runs_->config("partly");
  (void)interrupted_run(config, 11);  // the evaluation after the first pruning
  const json result = json_of(runs_->at("partly") / "result.json");
  EXPECT_EQ(kinds(result["stages"]), (std::vector<std::string>{"train", "prune"}));
  EXPECT_EQ(result["stages"][1]["sparsity"]["kept"], 84180);
  (void)interrupted_run(config, 3, true);
  EXPECT_EQ(kinds(json_of(runs_->at("partly") / "result.json")["stages"]),
            (std::vector<std::string>{"train", "prune"}));
}

TEST_F(Resume, OfAFinishedRunChangesNothing) {
  const auto before = snapshot(runs_->at("whole"));
  Listener listener;
  EXPECT_EQ(resume(runs_->config("whole"), listener), result_);
  EXPECT_THAT(listener.notes, HasSubstr("done already"));
  EXPECT_TRUE(listener.bars.empty());
  const auto after = snapshot(runs_->at("whole"));
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [name, file] : before) EXPECT_EQ(after.at(name).first, file.first) << name;
}

TEST_F(Resume, WhereThereIsNothingStarts) { expect_whole("new", resume(runs_->config("new"))); }

// Killed before its first checkpoint: the configuration is there, and lines that nobody vouches
// for.
TEST_F(Resume, BeforeTheFirstCheckpointStartsAgain) {
  (void)interrupted_run(runs_->config("early"), 4);
  fs::remove_all(runs_->at("early") / "checkpoints");
  expect_whole("early", resume(runs_->config("early")));
}

TEST_F(Resume, OfAFinishedRunWithADamagedCheckpointDoesTheLastStageAgain) {
  (void)run(runs_->config("worn"));
  damage(runs_->at("worn") / "checkpoints/last.safetensors");
  Listener listener;
  expect_whole("worn", resume(runs_->config("worn"), listener));
  EXPECT_EQ(listener.bars, (std::vector<Bar>{{"retrain 2/2", 5, 0}}));
}

TEST_F(Resume, IsAnErrorWhereNoCheckpointIsWhole) {
  const Config config = runs_->config("lost", {"checkpoint.interval=0"});
  (void)interrupted_run(config, 5);
  for (const char* name : {"last.safetensors", "previous.safetensors"})
    damage(runs_->at("lost") / "checkpoints" / name);
  const auto before = read_text(runs_->at("lost") / "metrics.jsonl");
  const Error error = thrown_by([&] { (void)resume(config); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("damaged"));
  EXPECT_EQ(read_text(runs_->at("lost") / "metrics.jsonl"), before);
}

TEST_F(Resume, WithOtherStagesIsRefusedAndNothingChanges) {
  (void)interrupted_run(runs_->config("other"), 12);
  const auto before = snapshot(runs_->at("other"));
  for (const char* text : {"seed=2", "prune.cycles=3", "retrain.epochs=2", "train.lr=0.01"}) {
    const Error error = thrown_by([&] { (void)resume(runs_->config("other", {text})); });
    EXPECT_EQ(error.code(), ErrorCode::Config) << text;
    EXPECT_THAT(error.what(), HasSubstr("other stages")) << text;
  }
  for (const auto& [name, file] : snapshot(runs_->at("other")))
    EXPECT_EQ(file.first, before.at(name).first) << name;
}

TEST_F(Resume, WithOtherThreadsIsRefused) {
  (void)interrupted_run(runs_->config("threads"), 3);
  const Error error = thrown_by([&] { (void)resume(runs_->config("threads", {"threads=2"})); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("started with 1 threads"), HasSubstr("go on with 2")));
  EXPECT_EQ(error.hint(), "give threads=1");
}

TEST_F(Resume, WithNewIntervalsAndLoaderEndsInTheSameBits) {
  (void)interrupted_run(runs_->config("changed"), 3);
  const Config config =
      runs_->config("changed", {"data.loader_threads=2", "checkpoint.interval=0"});
  const json result = resume(config);
  expect_whole("changed", result);
  EXPECT_EQ(read_text(runs_->at("changed") / "config.toml"), config.to_toml());
}

TEST_F(Resume, CountsTheSecondsOfAllItsParts) {
  const Config config = runs_->config("timed");
  (void)interrupted_run(config, 9);
  const double before = record_in(runs_->at("timed")).loop.seconds;
  EXPECT_GT(before, 0);
  EXPECT_GT(resume(config)["stages"][0]["seconds"], before);
}

}  // namespace
}  // namespace pollard
