// Sweeps as their users meet them, and what can befall them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// Two schedules and two lengths, one dense training: 1 + 1 + 4 stages.
class SweepTest : public AppTest {
 protected:
  explicit SweepTest(const ImageCounts& counts = {}) : AppTest(counts) {
    spill(path() / "grid.toml", "[retrain]\nschedule = ['ft', 'slr']\nepochs = [1, 2]\n");
  }

  [[nodiscard]] static Words grid(const std::string& verb, const Words& more = {}) {
    Words words = {verb,
                   "grid.toml",
                   "model=lenet-300-100",
                   "data=mnist",
                   "data.path=mnist",
                   "train.epochs=2",
                   "train.lr=0.05",
                   "train.batch_size=32",
                   "retrain.engine=torch"};
    return words + more;
  }

  [[nodiscard]] std::string results(const std::string& folder = "runs/grid") const {
    return slurp(path() / folder / "results.csv");
  }

  [[nodiscard]] std::vector<fs::path> stages(const std::string& store = "runs/store") const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path() / store)) {
      if (fs::exists(entry.path() / "stage.json")) found.push_back(entry.path());
    }
    return found;
  }

  // What the store has besides finished stages and what says of them.
  [[nodiscard]] Words orphans(const std::string& store = "runs/store") const {
    Words names;
    for (const auto& entry : fs::recursive_directory_iterator(path() / store)) {
      const std::string name = entry.path().lexically_relative(path() / store).string();
      const bool known =
          name.size() >= 32 || name == "work" || name == "jobs" || name == "configurations";
      const bool wrong = name.starts_with("work/") || name.starts_with("jobs/") ||
                         name.ends_with(".part") || name.ends_with(".draft");
      if (!known || wrong) names.push_back(name);
    }
    return names;
  }
};

TEST_F(SweepTest, ComputesEveryStageOnce) {
  const Outcome planned = must(grid("plan"));
  EXPECT_THAT(planned.out, HasSubstr("4 configurations"));
  EXPECT_THAT(planned.out, HasSubstr("6 stages, 0 done"));
  EXPECT_THAT(planned.out, HasSubstr("7 epochs as a tree; 14"));
  EXPECT_FALSE(fs::exists(path() / "runs"));

  const Outcome swept = must(grid("sweep"));
  EXPECT_THAT(swept.out, HasSubstr("retrain.schedule"));
  EXPECT_EQ(stages().size(), 6U);
  EXPECT_EQ(std::ranges::count(results(), '\n'), 5);
  EXPECT_EQ(orphans(), Words{});

  const std::string first = results();
  EXPECT_THAT(must(grid("sweep")).err, HasSubstr("6 stages, 6 of them done"));
  EXPECT_EQ(results(), first);
  EXPECT_THAT(must(grid("plan")).out, HasSubstr("6 stages, 6 done"));
}

TEST_F(SweepTest, SharesItsStagesWithRunsAndOtherSweeps) {
  must(grid("sweep"));
  const Words other = grid("sweep", {"retrain.schedule=slr", "retrain.epochs=1,3", "out=other"});
  EXPECT_THAT(must(other).err, HasSubstr("4 stages, 3 of them done"));
  Words run = {"run", "out=alone", "store=runs/store", "threads=1", "retrain.epochs=2"};
  const Words settings = grid("run");
  run.insert(run.end(), settings.begin() + 2, settings.end());
  EXPECT_THAT(must(run).err, HasSubstr("done already"));
}

TEST_F(SweepTest, WhatFailsStopsOnlyWhatIsBehindIt) {
  const Words broken = grid("sweep", {"train.lr=0.05,1e30", "retrain.schedule=slr"});
  const Outcome outcome = pollard(broken);
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("1 stage failed and 3 behind them cannot run"));
  EXPECT_THAT(outcome.err, HasSubstr("--retry-failed"));
  EXPECT_EQ(std::ranges::count(results(), '\n'), 3);
  EXPECT_THAT(pollard(broken).err, Not(HasSubstr("running")));
  EXPECT_EQ(pollard(broken + Words{"--retry-failed"}).status, 1);
}

TEST_F(SweepTest, BadUseIsRefusedBeforeAnythingIsWritten) {
  for (const auto& [words, text] :
       {std::pair(grid("sweep", {"prune.sparsty=0.5,0.6"}), "prune.sparsity"),
        {grid("sweep", {"out=[a,b]"}), "out"},
        {grid("sweep", {"prune.sparsity=0.5,1.5"}), "prune.sparsity"},
        {Words{"sweep", "nothing.toml"}, "nothing.toml"},
        {Words{"worker", "runs/store", "42"}, "42"}}) {
    const Outcome outcome = pollard(words);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(fs::exists(path() / "runs"));
  }
}

TEST_F(SweepTest, ADamagedBookAndAHalfWrittenStageAreMadeAnew) {
  must(grid("sweep"));
  const std::string first = results();
  spill(path() / "runs/grid/jobs.sqlite", "This is no database, but long enough to look like one.");
  fs::remove(stages().front() / "stage.json");
  fs::create_directories(path() / "runs/store/work/0123.1.draft");
  const Outcome outcome = must(grid("sweep"));
  EXPECT_THAT(outcome.err, HasSubstr("jobs.sqlite"));
  EXPECT_EQ(results(), first);
  EXPECT_EQ(stages().size(), 6U);
}

// SIGTERM: checkpoints, and the same command goes on.
TEST_F(SweepTest, GoesOnAfterASignal) {
  Command command(grid("sweep"), here());
  ASSERT_TRUE(command.says("configurations"));
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  command.send(SIGTERM);
  const Outcome outcome = command.wait();
  EXPECT_EQ(outcome.status, 143) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("start it again"));
  must(grid("sweep"));
  EXPECT_EQ(orphans(), Words{});
}

TEST_F(SweepTest, TheSameSweepTwiceIsRefusedAndTwoOnOneStoreShareTheWork) {
  Command first(grid("sweep"), here());
  ASSERT_TRUE(first.says("configurations"));
  const Outcome again = pollard(grid("sweep"));
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("still running"));
  must(grid("sweep", {"out=second"}));
  EXPECT_EQ(first.wait().status, 0);
  EXPECT_EQ(results("second"), results());
  EXPECT_EQ(stages().size(), 6U);
}

std::vector<pid_t> children_of(pid_t parent) {
  std::istringstream text(
      slurp("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children"));
  std::vector<pid_t> found;
  for (pid_t child = 0; text >> child;) found.push_back(child);
  return found;
}

int wanted_kills() {
  const char* text = std::getenv("POLLARD_KILLS");
  return text == nullptr ? 4 : std::max(1, std::atoi(text));
}

// The path of libfaketime, which lies about the time of day; "" where it is not installed.
std::string time_liar() {
  for (const auto& entry : fs::directory_iterator("/usr/lib")) {  // a folder an architecture
    const fs::path file = entry.path() / "faketime" / "libfaketimeMT.so.1";
    if (fs::exists(file)) return file;
  }
  return "";
}

TEST_F(SweepTest, DoesNotCareWhatTheClockSays) {
  const std::string liar = time_liar();
  if (liar.empty()) GTEST_SKIP() << "libfaketime is not here (Debian's package faketime)";
  must(grid("sweep", {"store=plain", "out=plain-out", "--workers", "1"}));

  Options jumping = here();
  jumping.environment =
      jumping.environment + Words{"LD_PRELOAD=" + liar, "FAKETIME_NO_CACHE=1",
                                  "FAKETIME_DONT_FAKE_MONOTONIC=1",
                                  "FAKETIME_TIMESTAMP_FILE=" + (path() / "time").string()};
  spill(path() / "time", "+0");
  Command sweep(grid("sweep", {"store=jumped", "out=jumped-out", "--workers", "2"}), jumping);
  for (std::size_t i = 0; sweep.running(); ++i) {
    spill(path() / "time.next", std::array{"+3h", "-2d", "+400d", "-1y", "+0"}[i % 5]);
    fs::rename(path() / "time.next", path() / "time");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(sweep.wait().status, 0) << sweep.err();
  EXPECT_EQ(results("jumped-out"), results("plain-out"));
  EXPECT_EQ(stages("jumped").size(), 6U);
  EXPECT_EQ(orphans("jumped"), Words{});
}

// SIGKILL of workers and of the sweep at random moments: the same table, every stage once, and
// nothing left over.
class SweepKillTest : public SweepTest {
 protected:
  SweepKillTest() : SweepTest({.train = 3000, .test = 200, .side = 16}) {}
};

TEST_F(SweepKillTest, AtAnyMomentLosesNothing) {
  must(grid("sweep", {"out=whole", "store=whole_store"}));
  std::mt19937 random(20261128);
  std::uniform_real_distribution<double> uniform(0, 1);
  int kills = 0, parents = 0;
  for (int rounds = 0; kills < wanted_kills() && rounds < wanted_kills(); ++rounds) {
    for (const char* folder : {"killed", "store"}) fs::remove_all(path() / folder);
    const Words words = grid("sweep", {"out=killed", "store=store"});
    auto command = std::make_unique<Command>(words, here());
    while (command->running() && kills < wanted_kills()) {
      std::this_thread::sleep_for(std::chrono::duration<double>(0.1 + uniform(random)));
      if (!command->running()) break;
      const std::vector<pid_t> workers = children_of(command->id());
      if (workers.empty() && uniform(random) < 0.9) continue;  // mostly while something is lost
      ++kills;
      if (!workers.empty() && uniform(random) < 0.6) {
        ::kill(workers.front(), SIGKILL);
        continue;
      }
      ++parents;
      command->send(SIGKILL);
      static_cast<void>(command->wait());
      command = std::make_unique<Command>(words, here());
    }
    const Outcome outcome = command->wait();
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(results("killed"), results("whole"));
    EXPECT_EQ(stages("store").size(), 6U);
    EXPECT_EQ(orphans("store"), Words{});
  }
  std::cout << kills << " kills, " << parents << " of them of the sweep itself\n";
  EXPECT_EQ(kills, wanted_kills());
}

}  // namespace
}  // namespace pollard::test
