// SIGKILL at random moments: starting, training, in the middle of a checkpoint, pruning, ending.
//
//   POLLARD_KILLS=20 pollard_apps_slow_tests --gtest_filter='Kill*'
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

class KillTest : public AppTest {
 protected:
  KillTest() : AppTest({.train = 1500, .test = 200, .side = 16}) {}

  [[nodiscard]] static Words run(const std::string& folder) {
    return {"run",
            "out=" + folder,
            "model=resnet8",
            "data=mnist",
            "data.path=mnist",
            "threads=1",
            "train.epochs=2",
            "train.batch_size=32",
            "prune.cycles=2",
            "retrain.epochs=1",
            "retrain.engine=sparse"};
  }

  // What came of a run, without how long it took.
  [[nodiscard]] json result(const std::string& folder) const {
    json result = json::parse(slurp(path() / folder / "result.json"));
    result.erase("time_ratio");
    for (json& stage : result["stages"]) stage.erase("seconds");
    return result;
  }

  // The epochs that metrics.jsonl tells of.
  [[nodiscard]] std::vector<json> epochs(const std::string& folder) const {
    std::vector<json> lines;
    std::istringstream text(slurp(path() / folder / "metrics.jsonl"));
    for (std::string line; std::getline(text, line);) {
      const json record = json::parse(line);
      if (record["event"] == "epoch")
        lines.push_back({record["stage"], record["epoch"], record["step"], record["test/top1"]});
    }
    return lines;
  }

  // A file that was being written.
  [[nodiscard]] bool leftovers() const {
    const auto files = snapshot(path());
    return std::ranges::any_of(files,
                               [](const auto& file) { return file.first.ends_with(".part"); });
  }

  [[nodiscard]] bool alike(const std::string& name) const {
    return slurp(path() / "whole" / name) == slurp(path() / "killed" / name);
  }
};

int wanted_kills() {
  const char* text = std::getenv("POLLARD_KILLS");
  return text == nullptr ? 4 : std::max(1, std::atoi(text));
}

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

TEST_F(KillTest, AtAnyMomentLosesNothing) {
  const auto begun = Clock::now();
  Command whole(run("whole"), here());
  ASSERT_TRUE(whole.says("resnet8: "));
  const double start = seconds_since(begun);
  ASSERT_EQ(whole.wait().status, 0);
  const double work = seconds_since(begun) - start;

  std::mt19937 random(20240229);
  std::uniform_real_distribution<double> uniform(0, 1);
  constexpr int kills_a_run = 4;
  std::map<std::string, int> moments;
  int kills = 0, in_a_write = 0;
  for (int runs = 0; kills < wanted_kills() && runs < wanted_kills(); ++runs) {
    fs::remove_all(path() / "killed");
    double reached = 0;
    for (int slice = 0; slice < kills_a_run && kills < wanted_kills(); ++slice) {
      // Every second process writes a checkpoint at every step: kills hit the writing too.
      const bool always = (runs + slice) % 2 == 1;
      Command command(run("killed") + Words{"--resume", always ? "checkpoint.interval=0"
                                                               : "checkpoint.interval=0.2"},
                      here());
      const double target = work * (slice + uniform(random)) / kills_a_run;
      const double wait = start * (0.5 + uniform(random)) + target - reached;
      reached = target;
      std::this_thread::sleep_for(std::chrono::duration<double>(wait));
      command.send(SIGKILL);
      const Outcome outcome = command.wait();
      if (outcome.signal != SIGKILL) {
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        break;  // done before its time
      }
      ++kills;
      if (leftovers()) ++in_a_write;
      const Words said = lines_of(outcome.err);
      ++moments[said.empty() ? "nothing" : said.back().substr(0, said.back().find(':'))];
    }
    must(run("killed") + Words{"--resume"});
    ASSERT_TRUE(alike("model.safetensors") && alike("masks.safetensors"));
    EXPECT_EQ(result("killed"), result("whole"));
    EXPECT_EQ(epochs("killed"), epochs("whole"));
  }
  std::cout << kills << " kills of living processes, " << in_a_write
            << " of them while a file was written; last said:\n";
  for (const auto& [text, count] : moments) std::cout << "  " << count << " x " << text << "\n";
  EXPECT_EQ(kills, wanted_kills());
  EXPECT_GE(moments.size(), std::min<std::size_t>(2, static_cast<std::size_t>(kills)));
}

}  // namespace
}  // namespace pollard::test
