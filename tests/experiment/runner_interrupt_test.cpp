// The long part of runner_resume_test.cpp: a signal at any moment, damage in every stage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/resume.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::damage;
using test::interrupted_run;
using test::json_of;
using test::Listener;
using test::resume;
using test::SmallRuns;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Resume = test::ResumeTest;

// Every step of every stage, the last steps of epochs and stages and the evaluations among them.
TEST_F(Resume, AfterASignalAtAnyMomentEndsInTheSameBits) {
  for (int stop_at = 1; stop_at <= SmallRuns::kAdvances; ++stop_at) {
    const std::string name = "stopped" + std::to_string(stop_at);
    const Config config = runs_->config(name);
    const Error error = interrupted_run(config, stop_at);
    EXPECT_THAT(error.hint(), HasSubstr("--resume"));
    EXPECT_EQ(json_of(runs_->at(name) / "result.json")["status"], "interrupted");
    EXPECT_FALSE(fs::exists(runs_->at(name) / "model.safetensors"));
    expect_whole(name, resume(config));
    fs::remove_all(runs_->at(name));
  }
}

TEST_F(Resume, GoesOnFromThePreviousCheckpointWhereTheLastIsDamaged) {
  for (const int stop_at : {3, 11, 14, 22}) {
    const std::string name = "damaged" + std::to_string(stop_at);
    const Config config = runs_->config(name, {"checkpoint.interval=0"});
    (void)interrupted_run(config, stop_at);
    const fs::path last = runs_->at(name) / "checkpoints/last.safetensors";
    damage(last);
    Listener listener;
    expect_whole(name, resume(config, listener));
    EXPECT_THAT(listener.warnings, AllOf(HasSubstr(last.string()), HasSubstr("damaged"),
                                         HasSubstr("previous.safetensors")));
  }
}

}  // namespace
}  // namespace pollard
