// The batch script, run as Slurm would: with its variables, and a worker that does what a test
// says.
#include "experiment/sweep/slurm_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/subprocess.h"
#include "experiment/sweep/stand_in_slurm.h"

namespace pollard {
namespace {

using test::StandInSlurm;
using test::TemporaryFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SlurmScript : public ::testing::Test {
 protected:
  SlurmScript() {
    options_.program = folder_ / "it's a worker";
    options_.busy_delay = 0;
    options_.most_requeues = 3;
    slurm_.put("ended", "JobId=71 JobState=RUNNING Reason=None\n");
  }

  /// Of task 2, whose stage is "bbb".
  ProgramResult run(const std::string& worker, int restarts = 0) {
    write_file(options_.program, "#!/bin/bash\necho progress\necho \"$*\" >&2\n" + worker);
    std::filesystem::permissions(options_.program, std::filesystem::perms::owner_all);
    write_file(folder_ / "script.sh", batch_script(options_, "/a 'store'"));
    write_file(folder_ / "list", std::string_view("aaa\nbbb\n"));
    return run_program({"env", "SLURM_ARRAY_TASK_ID=" + std::to_string(task_),
                        "SLURM_ARRAY_JOB_ID=70", "SLURM_JOB_ID=71",
                        "SLURM_RESTART_COUNT=" + std::to_string(restarts), "bash",
                        (folder_ / "script.sh").string(), (folder_ / "list").string()});
  }

  TemporaryFolder folder_;
  StandInSlurm slurm_;
  SlurmOptions options_;
  int task_ = 2;
};

TEST_F(SlurmScript, RunsTheWorkerOfTheTasksStage) {
  const ProgramResult result = run("exit 0");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "worker /a 'store' bbb\n");
  EXPECT_THAT(result.output, Not(HasSubstr("progress")));
  EXPECT_THAT(slurm_.calls(), IsEmpty());
}

TEST_F(SlurmScript, AFailureIsTheTasks) {
  for (const int status : {1, 2, 127}) {
    EXPECT_EQ(run("exit " + std::to_string(status)).status, status);
    EXPECT_THAT(slurm_.calls(), IsEmpty());
  }
}

// The worker itself sends the signals that Slurm sends to the script.
TEST_F(SlurmScript, PassesSignalsOnWaitsAndRequeues) {
  for (const char* signal : {"USR1", "TERM"}) {
    slurm_.remove("calls");
    const std::string name = signal;
    const ProgramResult result = run("trap 'sleep 0.3; echo saved >&2; exit 143' " + name +
                                     "\nkill -s " + name + " $PPID\nwhile :; do sleep 0.05; done");
    EXPECT_THAT(result.errors, HasSubstr("saved\n"));
    EXPECT_THAT(result.output, HasSubstr("the worker ended with 143"));
    EXPECT_THAT(slurm_.calls(), ElementsAre("scontrol requeue 71"));
  }
}

TEST_F(SlurmScript, EveryInterruptionAndABusyStageAreRequeued) {
  for (const int status : {75, 130, 138, 143}) {
    slurm_.remove("calls");
    (void)run("exit " + std::to_string(status), 2);
    EXPECT_THAT(slurm_.calls(), ElementsAre("scontrol requeue 71")) << status;
  }
}

TEST_F(SlurmScript, ATaskIsRequeuedSoOften) {
  const ProgramResult result = run("exit 143", 3);
  EXPECT_EQ(result.status, 143);
  EXPECT_THAT(result.output, HasSubstr("requeued 3 times already"));
  EXPECT_THAT(slurm_.calls(), IsEmpty());
}

TEST_F(SlurmScript, WhatSomebodyCancelledIsNotRequeued) {
  slurm_.put("ended", "JobId=71 JobState=CANCELLED Reason=None\n");
  EXPECT_EQ(run("exit 143").status, 143);
  EXPECT_THAT(slurm_.calls(), IsEmpty());
}

TEST_F(SlurmScript, ATaskWithoutAStageSaysSo) {
  task_ = 3;
  const ProgramResult result = run("exit 0");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.output, HasSubstr("no line 3 in "));
}

TEST(SbatchWords, OnlyWhatIsGiven) {
  const std::vector<std::string> words =
      sbatch_words({}, {.name = "n-1", .folder = "/f 50%", .tasks = 7}, "/s.sh");
  EXPECT_THAT(words, ElementsAre("sbatch", "--parsable", "--job-name=n-1", "--array=1-7",
                                 "--output=/f 50%%/%a.log", "--open-mode=append", "--requeue",
                                 "--signal=B:USR1@120", "--kill-on-invalid-dep=yes",
                                 "--cpus-per-task=1", "/s.sh", "/f 50%/stages.txt"));
}

TEST(SbatchWords, All) {
  const SlurmOptions options{.partition = "gpu",
                             .time_limit = "02:00:00",
                             .memory = "4G",
                             .cpus_per_task = 8,
                             .extra = {"--gres=gpu:1", "--account=a"},
                             .most_at_once = 4,
                             .grace = 60};
  const std::vector<std::string> words =
      sbatch_words(options, {.name = "n-1", .folder = "/f", .tasks = 7, .after = "12_3"}, "/s.sh");
  for (const char* word :
       {"--array=1-7%4", "--signal=B:USR1@60", "--cpus-per-task=8", "--partition=gpu",
        "--time=02:00:00", "--mem=4G", "--dependency=afterok:12_3", "--gres=gpu:1"}) {
    EXPECT_THAT(words, Contains(word));
  }
  EXPECT_THAT(words, Not(Contains("")));
}

}  // namespace
}  // namespace pollard
