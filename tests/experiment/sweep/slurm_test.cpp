// Trees of jobs on a real Slurm on this host (scripts/slurm-one-host.sh). Only the worker is a
// stand-in: a shell script that leaves a finished stage in the store, or does what the job's "way"
// says instead.
#include "experiment/sweep/slurm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "core/files.h"
#include "core/subprocess.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using ::testing::HasSubstr;

constexpr std::string_view kWorker = R"sh(#!/bin/bash
# worker STORE ID
store=$2 id=$3
tell() { echo "$1 $id" >>"$store/trace"; }
publish() { mkdir -p "$store/$id" && echo '{}' >"$store/$id/stage.json" && tell end; }
way=$(cat "$store/ways/$id" 2>/dev/null)
parent=$(sed -n 's/.*"parent": "\(.*\)".*/\1/p' "$store/jobs/$id.json")
if [ -n "$parent" ] && [ ! -f "$store/$parent/stage.json" ]; then tell early; fi
tell start
first=$(grep -c "start $id" "$store/trace")
case $way in
  fail)
    mkdir -p "$store/failed"
    echo '{"error": "no luck", "hint": ""}' >"$store/failed/$id.json"
    exit 1 ;;
  wait-once)  # for a signal, which ends it as after a checkpoint
    if [ "$first" = 1 ]; then
      trap 'tell signalled; exit 143' USR1
      tell waiting
      for _ in $(seq 600); do sleep 0.1; done
      exit 1
    fi ;;
  wait)
    trap 'tell terminated; exit 143' TERM
    for _ in $(seq 600); do sleep 0.1; done ;;
  vanish-once) if [ "$first" = 1 ]; then exit 9; fi ;;
  busy-once) if [ "$first" = 1 ]; then exit 75; fi ;;
  vanish) exit 9 ;;
esac
sleep 0.2
publish
)sh";

// Started once for all tests; null where it cannot be.
class Cluster {
 public:
  static std::string why_not() {
    for (const char* program : {"munged", "slurmctld", "slurmd", "sbatch"}) {
      const std::string look = "PATH=$PATH:/usr/sbin command -v " + std::string(program);
      if (run_program({"sh", "-c", look}).status != 0)
        return std::string(program) + " is not installed: scripts/setup.sh munge slurm-wlm";
    }
    return ::geteuid() == 0 ? "" : "only root can start slurmd";
  }
  Cluster() {
    // Ports of our own: others may test beside us.
    ::setenv("POLLARD_SLURM_PORT", std::to_string(20000 + ::getpid() % 20000).c_str(), 1);
    const ProgramResult started = run_program({POLLARD_SLURM, "start", folder_.path().string()});
    said_ = started.errors;
    running_ = started.status == 0;
    ::setenv("SLURM_CONF", (folder_ / "slurm.conf").c_str(), 1);
  }
  ~Cluster() { (void)run_program({POLLARD_SLURM, "stop", folder_.path().string()}); }
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  TemporaryFolder folder_;
  bool running_ = false;
  std::string said_;
};

class Slurm : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Cluster::why_not().empty()) cluster_ = std::make_unique<Cluster>();
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    if (!cluster_) GTEST_SKIP() << Cluster::why_not();
    ASSERT_TRUE(cluster_->running()) << cluster_->said();
    fs::create_directories(store_.folder() / "ways");
    write_file(folder_ / "a worker.sh", kWorker);
    fs::permissions(folder_ / "a worker.sh", fs::perms::owner_all);
    options_.program = folder_ / "a worker.sh";
    options_.settle = options_.busy_delay = 0;
    options_.most_resubmissions = 1;
  }

  static std::string id(int number) {
    std::string text = std::to_string(number);
    return std::string(32 - text.size(), '0') + text;
  }
  // Job 0 waits for nothing.
  void add(int number, int parent, const std::string& way = "") {
    Job job{.id = id(number),
            .parent = parent == 0 ? "" : id(parent),
            .kind = "train",
            .label = "train",
            .epochs = 1,
            .config = ""};
    jobs_.push_back(job);
    if (!way.empty()) write_file(store_.folder() / "ways" / job.id, way);
  }
  // 1 to 2, 3, 4; each of them to two more.
  void add_tree(const std::string& way_of_2) {
    add(1, 0);
    add(2, 1, way_of_2);
    for (const int child : {3, 4}) add(child, 1);
    for (int leaf = 5; leaf <= 10; ++leaf) add(leaf, 2 + (leaf - 5) / 2);
  }
  SlurmLauncher launcher() { return {store_, sweep(), jobs_, options_}; }
  [[nodiscard]] fs::path sweep() const { return folder_ / "a sweep 10%"; }

  // Until `done`, for a minute at most.
  template <typename Done>
  static bool update_until(SlurmLauncher& launcher, const Done& done) {
    for (int i = 0; i < 300; ++i) {
      launcher.update();
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return false;
  }
  static bool finish(SlurmLauncher& launcher) {
    return update_until(launcher, [&] { return launcher.finished(); });
  }

  [[nodiscard]] std::vector<std::string> trace() const {
    std::vector<std::string> lines;
    if (!fs::exists(store_.folder() / "trace")) return lines;
    std::istringstream text(read_text(store_.folder() / "trace"));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  [[nodiscard]] std::ptrdiff_t told(const std::string& word, int number) const {
    return std::ranges::count(trace(), word + " " + id(number));
  }
  [[nodiscard]] std::optional<QueuedTask> queued(int number) const {
    const SlurmArrays arrays(sweep());
    for (const QueuedTask& task : read_queue(arrays.prefix())) {
      if (arrays.id_of(task.array, task.task) == id(number)) return task;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::size_t in_queue() const {
    return read_queue(SlurmArrays(sweep()).prefix()).size();
  }
  static std::string states(const SlurmLauncher& launcher) {
    std::string letters;
    for (const JobStatus& status : launcher.statuses())
      letters += "PRDFIB"[static_cast<int>(status.state)];
    return letters;
  }
  void scancel(int number, const std::vector<std::string>& options) const {
    const auto task = queued(number);
    ASSERT_TRUE(task);
    std::vector<std::string> words = {"scancel"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(task->job + "_" + std::to_string(task->task));
    EXPECT_EQ(run_program(words).status, 0);
  }

  static inline std::unique_ptr<Cluster> cluster_;
  TemporaryFolder folder_;
  Store store_{folder_ / "it's a store"};
  std::vector<Job> jobs_;
  SlurmOptions options_;
};

TEST_F(Slurm, ATreeRunsInOrderAndGoesOnWhereItIsInterrupted) {
  add_tree("wait-once");
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(update_until(slurm, [&] { return told("waiting", 2) == 1; }));
  EXPECT_EQ(slurm.statuses()[0].state, JobState::Done);
  EXPECT_EQ(slurm.statuses()[4].state, JobState::Pending);  // waits for job 2
  scancel(2, {"--signal=USR1", "--batch"});
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "DDDDDDDDDD");
  EXPECT_EQ(told("signalled", 2), 1);
  for (int job = 1; job <= 10; ++job) {
    EXPECT_EQ(told("early", job), 0) << job;
    EXPECT_EQ(told("start", job), job == 2 ? 2 : 1) << job;
  }
  // One array for job 1, one for its children, one for the children of each of these.
  EXPECT_FALSE(fs::exists(sweep() / "slurm" / "6"));
  const std::string log = read_text(slurm.log_file(id(2)));
  EXPECT_THAT(log, HasSubstr("restart 0"));
  EXPECT_THAT(log, HasSubstr("the worker ended with 143"));
  EXPECT_THAT(log, HasSubstr("restart 1"));
}

TEST_F(Slurm, ATaskIsSignalledBeforeItsTimeLimitAndComesAgain) {
  add(1, 0, "wait-once");
  options_.time_limit = "1";
  options_.grace = 55;
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "D");
  EXPECT_EQ(told("signalled", 1), 1);
  EXPECT_EQ(told("start", 1), 2);
}

TEST_F(Slurm, ATaskThatIsPreemptedComesAgain) {
  add(1, 0, "wait-once");
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(update_until(slurm, [&] { return told("waiting", 1) == 1; }));
  // All of the node, for somebody who goes before.
  EXPECT_EQ(run_program({"sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null",
                         "--wrap=sleep 1"})
                .status,
            0);
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "D");
  EXPECT_EQ(told("start", 1), 2);
}

TEST_F(Slurm, AFailureBlocksWhatWaitsForItAndNothingElse) {
  add_tree("fail");
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "DFDDBBDDDD");
  EXPECT_EQ(slurm.statuses()[1].reason, "no luck");
  EXPECT_THAT(slurm.statuses()[4].reason, HasSubstr(id(2)));
  EXPECT_EQ(told("start", 5), 0);
  EXPECT_EQ(told("start", 2), 1);
}

TEST_F(Slurm, AnotherProcessGoesOnWithoutSubmittingTwice) {
  add_tree("wait-once");
  // A process that is killed when it has submitted.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t process = ::fork();
  if (process == 0) {
    SlurmLauncher slurm = launcher();
    slurm.update();
    ::_exit(::write(ends[1], "x", 1) == 1 && ::pause() == 0 ? 0 : 1);
  }
  char letter = 0;
  ASSERT_EQ(::read(ends[0], &letter, 1), 1);
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);

  {
    SlurmLauncher second = launcher();
    ASSERT_TRUE(update_until(second, [&] { return told("waiting", 2) == 1; }));
  }
  // As if it had been killed between sbatch and the file.
  fs::remove(sweep() / "slurm.json");
  SlurmLauncher third = launcher();
  third.update();
  EXPECT_TRUE(fs::exists(sweep() / "slurm.json"));
  scancel(2, {"--signal=USR1", "--batch"});
  ASSERT_TRUE(finish(third));
  EXPECT_EQ(states(third), "DDDDDDDDDD");
  EXPECT_FALSE(fs::exists(sweep() / "slurm" / "6"));
  for (int job = 1; job <= 10; ++job) EXPECT_EQ(told("start", job), job == 2 ? 2 : 1) << job;
}

TEST_F(Slurm, WhatLeavesTheQueueWithoutAResultIsSubmittedAgain) {
  add(1, 0, "vanish-once");
  add(2, 1);
  add(3, 0, "vanish");
  add(4, 3);
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "DDIB");
  EXPECT_EQ(told("start", 1), 2);
  EXPECT_EQ(told("start", 3), 2);
  EXPECT_EQ(told("start", 4), 0);
  EXPECT_THAT(slurm.statuses()[2].reason, HasSubstr("FAILED, exit status 9, 2 times"));
  EXPECT_THAT(slurm.statuses()[2].reason, HasSubstr(slurm.log_file(id(3)).string()));
  // Somebody who starts the sweep again tries again.
  fs::remove(store_.folder() / "ways" / id(3));
  SlurmLauncher again = launcher();
  ASSERT_TRUE(finish(again));
  EXPECT_EQ(states(again), "DDDD");
}

TEST_F(Slurm, WhatSomebodyCancelsIsNotSubmittedAgain) {
  add(1, 0, "wait");
  add(2, 1);
  add(3, 0);
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(update_until(slurm, [&] { return told("start", 1) == 1; }));
  scancel(1, {});
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "IBD");
  EXPECT_EQ(told("start", 1), 1);
  EXPECT_EQ(told("terminated", 1), 1);
  EXPECT_THAT(slurm.statuses()[0].reason, HasSubstr("CANCELLED"));
}

TEST_F(Slurm, AStageThatIsWorkedOnElsewhereIsTriedAgain) {
  add(1, 0, "busy-once");
  SlurmLauncher slurm = launcher();
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "D");
  EXPECT_EQ(told("start", 1), 2);
}

TEST_F(Slurm, SaysWhatSlurmRefuses) {
  add(1, 0);
  options_.partition = "no-such-partition";
  SlurmLauncher slurm = launcher();
  try {
    slurm.update();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("invalid partition specified: no-such-partition"));
    EXPECT_THAT(error.hint(), HasSubstr("sinfo"));
  }
  EXPECT_EQ(in_queue(), 0);
}

TEST_F(Slurm, ArraysHoldSoManyTasksAtMost) {
  for (int job = 1; job <= 5; ++job) add(job, 0);
  options_.most_in_array = 2;
  options_.most_at_once = 1;
  SlurmLauncher slurm = launcher();
  slurm.update();
  EXPECT_TRUE(fs::exists(sweep() / "slurm" / "3"));
  EXPECT_FALSE(fs::exists(sweep() / "slurm" / "4"));
  ASSERT_TRUE(finish(slurm));
  EXPECT_EQ(states(slurm), "DDDDD");
}

}  // namespace
}  // namespace pollard
