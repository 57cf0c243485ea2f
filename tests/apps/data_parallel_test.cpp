// One run by two processes, launched as torchrun launches them: the network is that of one process,
// a killed process ends the other with an error, and --resume goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/small_run.h"
#include "pollard/safetensors.h"
#include "support/free_port.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Clock = std::chrono::steady_clock;

class DataParallelRun : public AppTest {
 protected:
  DataParallelRun() : AppTest({.train = 300, .test = 50, .side = 28}) {}

  // 300 images in batches of 64: the last has 44.
  [[nodiscard]] static Words run(const std::string& folder) {
    return {"run",
            "out=" + folder,
            "model=lenet5",
            "data=mnist",
            "data.path=mnist",
            "threads=1",
            "train.epochs=2",
            "train.batch_size=64",
            "train.lr=0.05",
            "prune.sparsity=0.8",
            "retrain.epochs=1",
            "retrain.engine=torch"};
  }
  // Long enough to be killed in the middle.
  [[nodiscard]] static Words long_run(const std::string& folder) {
    return run(folder) + Words{"train.epochs=30", "checkpoint.interval=0.1"};
  }

  [[nodiscard]] std::unique_ptr<Command> start(const Words& words, int rank, int port,
                                               int size = 2) const {
    Options options = here();
    for (const auto& [name, value] : {std::pair("RANK", rank),
                                      {"WORLD_SIZE", size},
                                      {"LOCAL_RANK", rank},
                                      {"MASTER_PORT", port}})
      options.environment.push_back(std::string(name) + "=" + std::to_string(value));
    options.environment.push_back("MASTER_ADDR=127.0.0.1");
    return std::make_unique<Command>(words, options);
  }

  struct Both {
    Outcome first, second;
  };
  [[nodiscard]] Both together(const Words& words, const Words& words_of_second) const {
    const int port = free_port();
    const auto first = start(words, 0, port), second = start(words_of_second, 1, port);
    Both both;
    both.first = first->wait();
    both.second = second->wait();
    return both;
  }
  [[nodiscard]] Both together(const Words& words) const { return together(words, words); }
  void must_together(const Words& words) const {
    const Both both = together(words);
    ASSERT_EQ(both.first.status, 0) << both.first.err;
    ASSERT_EQ(both.second.status, 0) << both.second.err;
  }

  [[nodiscard]] TensorMap model(const std::string& folder) const {
    return read_safetensors(path() / folder / "model.safetensors").tensors;
  }
  [[nodiscard]] bool alike(const std::string& name, const std::string& a,
                           const std::string& b) const {
    return slurp(path() / a / name) == slurp(path() / b / name);
  }
};

TEST_F(DataParallelRun, EndsInTheNetworkOfOneProcess) {
  must(run("alone"));
  const Both both = together(run("shared"));
  ASSERT_EQ(both.first.status, 0) << both.first.err;
  ASSERT_EQ(both.second.status, 0) << both.second.err;
  EXPECT_THAT(both.first.err, HasSubstr("on each of 2 processes"));
  EXPECT_THAT(both.second.out, IsEmpty());  // rank 0 alone speaks
  EXPECT_THAT(both.second.err, IsEmpty());

  // Rounding may let another weight or two through the pruning.
  const TensorMap alone = model("alone"), shared = model("shared");
  double difference = 0, norm = 0;
  for (const auto& [name, tensor] : alone) {
    const std::span<const float> x = tensor.f32(), y = shared.at(name).f32();
    for (std::size_t i = 0; i < x.size(); ++i) {
      difference += std::pow(static_cast<double>(x[i]) - y[i], 2);
      norm += std::pow(static_cast<double>(x[i]), 2);
    }
  }
  EXPECT_LT(std::sqrt(difference), 0.01 * std::sqrt(norm));
  const auto result = nlohmann::json::parse(slurp(path() / "shared" / "result.json"));
  EXPECT_EQ(result["status"], "done");
  EXPECT_EQ(result["stages"][1]["sparsity"]["prunable"],
            nlohmann::json::parse(
                slurp(path() / "alone" / "result.json"))["stages"][1]["sparsity"]["prunable"]);
  EXPECT_EQ(nlohmann::json::parse(slurp(path() / "shared" / "environment.json"))["processes"], 2);
}

TEST_F(DataParallelRun, GoesOnAfterAKillOfEitherProcess) {
  must_together(long_run("whole"));
  for (const int victim : {0, 1}) {
    SCOPED_TRACE("rank " + std::to_string(victim));
    const std::string folder = "killed" + std::to_string(victim);
    const int port = free_port();
    std::unique_ptr<Command> ranks[] = {start(long_run(folder), 0, port),
                                        start(long_run(folder), 1, port)};
    ASSERT_TRUE(ranks[0]->says("train epoch 5/30"));
    ranks[victim]->send(SIGKILL);
    const auto killed = Clock::now();
    EXPECT_EQ(ranks[victim]->wait().signal, SIGKILL);
    const Outcome other = ranks[1 - victim]->wait();
    EXPECT_LT(Clock::now() - killed, std::chrono::seconds(30));
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.err,
                AllOf(HasSubstr("rank " + std::to_string(1 - victim) + " of 2 waited for"),
                      HasSubstr("lost the others"), HasSubstr("--resume")));

    must_together(long_run(folder) + Words{"--resume"});
    EXPECT_TRUE(alike("model.safetensors", folder, "whole"));
    EXPECT_TRUE(alike("masks.safetensors", folder, "whole"));
  }
}

TEST_F(DataParallelRun, StopsAsAWholeAtASignalToOne) {
  const int port = free_port();
  const auto first = start(long_run("run"), 0, port), second = start(long_run("run"), 1, port);
  ASSERT_TRUE(first->says("train epoch 3/30"));
  second->send(SIGTERM);
  for (Command* each : {first.get(), second.get()}) {
    const Outcome outcome = each->wait();
    EXPECT_EQ(outcome.status, 143) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
  }
  EXPECT_EQ(nlohmann::json::parse(slurp(path() / "run" / "result.json"))["status"], "interrupted");

  // Not by another number of processes.
  const Outcome alone = pollard(long_run("run") + Words{"--resume"});
  EXPECT_EQ(alone.status, 2);
  EXPECT_THAT(alone.err, AllOf(HasSubstr("was started on 2 processes and would go on on 1"),
                               HasSubstr("start 2 processes")));
  must_together(long_run("run") + Words{"--resume"});
}

TEST_F(DataParallelRun, RefusesProcessesThatDoNotAgree) {
  const Both both = together(run("run"), run("run") + Words{"seed=2"});
  for (const Outcome* outcome : {&both.first, &both.second}) {
    EXPECT_EQ(outcome->status, 1);
    EXPECT_THAT(outcome->err, HasSubstr("the weights of rank 1 ("));
  }
}

}  // namespace
}  // namespace pollard::test
