// The supervisor of workers, with a stand-in for `pollard worker` that a test writes: what it does
// is in the job's label.
#include "experiment/sweep/local_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <map>
#include <set>

#include "core/files.h"
#include "core/interrupt.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string id_of(char digit) { return std::string(32, digit); }

class Recorder final : public SweepObserver {
 public:
  void on_state(const Job& job, JobState state, const std::string& why) override {
    states[job.id].push_back(std::string(state_name(state)));
    reasons[job.id] = why;
  }
  void on_look(const JobQueue&, const std::vector<WorkerView>& workers) override {
    most = std::max(most, workers.size());
    for (const WorkerView& worker : workers) labels.insert(worker.bar.label);
  }
  std::map<std::string, std::vector<std::string>> states;
  std::map<std::string, std::string> reasons;
  std::set<std::string> labels;
  std::size_t most = 0;
};

class LocalWorkers : public ::testing::Test {
 protected:
  LocalWorkers() {
    fs::copy_file(POLLARD_STAND_IN_WORKER, folder_ / "worker");
    fs::create_directories(store_.folder());
  }
  ~LocalWorkers() override { set_interrupted(0); }

  JobQueue run(std::vector<Job> jobs, int workers = 2,
               std::chrono::seconds silence = std::chrono::seconds(60)) {
    JobQueue queue(std::move(jobs));
    take_states(store_, queue);
    run_locally(store_, queue,
                {.program = folder_ / "worker",
                 .logs = folder_ / "logs",
                 .workers = workers,
                 .silence = silence},
                heard_);
    return queue;
  }

  static Job job(char digit, const std::string& label, char parent = 0) {
    Job job;
    job.id = id_of(digit);
    if (parent != 0) job.parent = id_of(parent);
    job.label = label;
    job.epochs = 1;
    return job;
  }

  TemporaryFolder folder_;
  Store store_{folder_ / "store"};
  Recorder heard_;
};

TEST_F(LocalWorkers, RunATreeSeveralAtATime) {
  const JobQueue queue = run({job('a', "well"), job('b', "well", 'a'), job('c', "well", 'a')});
  EXPECT_EQ(queue.count(JobState::Done), 3U);
  EXPECT_LE(heard_.most, 2U);
  EXPECT_THAT(heard_.states[id_of('a')], ElementsAre("running", "done"));
}

TEST_F(LocalWorkers, AFailureStopsOnlyWhatIsBehindIt) {
  const JobQueue queue = run({job('a', "fail"), job('b', "well", 'a'), job('c', "well")});
  EXPECT_EQ(queue.state(0), JobState::Failed);
  EXPECT_EQ(queue.state(1), JobState::Pending);
  EXPECT_EQ(queue.state(2), JobState::Done);
  EXPECT_THAT(heard_.reasons[id_of('a')], HasSubstr("not finite"));
}

TEST_F(LocalWorkers, WhatFailedStaysSoUntilItIsForgotten) {
  (void)run({job('a', "fail")});
  EXPECT_EQ(run({job('a', "fail")}).state(0), JobState::Failed);
  EXPECT_EQ(read_text(store_.folder() / "started"), id_of('a') + "\n");
}

TEST_F(LocalWorkers, AWorkerThatSaysNoReasonHasFailed) {
  // The second attempt would go well: that it is not made is the point.
  EXPECT_EQ(run({job('a', "vanish")}).state(0), JobState::Failed);
  EXPECT_THAT(store_.failure(id_of('a'))->error, HasSubstr("status 3"));
}

TEST_F(LocalWorkers, AKilledWorkersJobReturnsToTheQueue) {
  EXPECT_EQ(run({job('a', "kill"), job('b', "well", 'a')}).count(JobState::Done), 2U);
  EXPECT_THAT(heard_.states[id_of('a')], ElementsAre("running", "interrupted", "running", "done"));
}

TEST_F(LocalWorkers, OneThatCrashesAgainAndAgainHasFailed) {
  EXPECT_EQ(run({job('a', "crash")}).state(0), JobState::Failed);
  EXPECT_THAT(store_.failure(id_of('a'))->error, HasSubstr("signal 11, in 3 attempts"));
}

TEST_F(LocalWorkers, WhatSomebodyElseWorksOnIsTriedLater) {
  EXPECT_EQ(run({job('a', "busy")}).state(0), JobState::Done);
  EXPECT_THAT(heard_.states[id_of('a')], ElementsAre("running", "pending", "running", "done"));
}

TEST_F(LocalWorkers, OneThatGivesNoSignOfLifeIsEnded) {
  EXPECT_EQ(run({job('a', "hang")}, 1, std::chrono::seconds(1)).state(0), JobState::Done);
}

TEST_F(LocalWorkers, StopAtASignalWithTheirJobsInterrupted) {
  catch_interrupts();
  const Error error = thrown_by([&] { (void)run({job('a', "stop")}); });
  EXPECT_EQ(error.code(), ErrorCode::Interrupted);
  EXPECT_THAT(heard_.states[id_of('a')], ElementsAre("running", "interrupted"));
}

TEST_F(LocalWorkers, AProgramThatCannotStartIsAFailureOfItsJob) {
  fs::remove(folder_ / "worker");
  EXPECT_EQ(run({job('a', "well")}).state(0), JobState::Failed);
  EXPECT_THAT(store_.failure(id_of('a'))->error, HasSubstr("status 127"));
}

}  // namespace
}  // namespace pollard
