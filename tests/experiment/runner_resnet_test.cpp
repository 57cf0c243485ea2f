// The chain on a convolutional network with batch norm, whose running statistics must survive too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/small_run.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::expect_same_end;
using test::interrupted_run;
using test::resume;
using test::run;
using test::SmallRuns;

// Kept of 74512: computed with 60 decimal digits, as for the perceptron.
TEST(ResnetRun, ResumedEndsInTheSameBitsAsUninterrupted) {
  const SmallRuns runs;
  const std::vector<std::string> resnet = {"model=resnet8", "train.epochs=1"};
  const json result = run(runs.config("whole", resnet));
  EXPECT_EQ(result["stages"][1]["sparsity"]["kept"], 23563);
  EXPECT_EQ(result["stages"][4]["sparsity"]["kept"], 7451);
  const Safetensors model = read_safetensors(runs.at("whole") / "model.safetensors");
  std::int64_t kept = 0;
  for (const auto& [name, mask] :
       read_safetensors(runs.at("whole") / "masks.safetensors").tensors) {
    const auto weights = model.tensors.at(name).f32();
    kept += static_cast<std::int64_t>(weights.size()) - std::ranges::count(weights, 0.0F);
  }
  EXPECT_EQ(kept, 7451);
  EXPECT_TRUE(model.tensors.contains("bn1.running_var"));
  // 5 steps, evaluation, 5 steps, evaluation, 5 steps: 17 calls of advance().
  for (const int stop_at : {2, 5, 6, 8, 11, 12, 15}) {
    const Config config = runs.config("stopped" + std::to_string(stop_at), resnet);
    (void)interrupted_run(config, stop_at);
    (void)resume(config);
    expect_same_end(runs.at("whole"), config.text("out"));
  }
}

// Recalibration is a stage with both accuracies; pruning's stability does not see it.
TEST(ResnetRun, RecalibratesAsStagesOfTheirOwn) {
  const SmallRuns runs;
  const std::vector<std::string> settings = {"model=resnet8",         "train.epochs=1",
                                             "prune.cycles=1",        "prune.sparsity=0.5",
                                             "recalibrate.batches=3", "recalibrate.after=both"};
  const json stages = run(runs.config("whole", settings))["stages"];
  std::vector<std::string> kinds;
  for (const json& stage : stages) kinds.push_back(stage["kind"]);
  ASSERT_THAT(kinds,
              ::testing::ElementsAre("train", "prune", "recalibrate", "retrain", "recalibrate"));
  for (const std::size_t at : {2U, 4U}) {
    EXPECT_EQ(stages[at]["batches"], 3);
    EXPECT_EQ(stages[at]["before"], stages[at - 1]["test"]);
    EXPECT_NE(stages[at]["test"]["loss"], stages[at]["before"]["loss"]);
  }
  EXPECT_DOUBLE_EQ(
      stages[1]["stability"].get<double>(),
      stages[1]["test"]["top1"].get<double>() / stages[0]["test"]["top1"].get<double>());
  EXPECT_DOUBLE_EQ(
      stages[3]["increase"].get<double>(),
      stages[3]["test"]["top1"].get<double>() - stages[1]["test"]["top1"].get<double>());
  // Without it the weights of the pruned network are the same, the statistics are not.
  (void)run(runs.config("without", {"model=resnet8", "train.epochs=1", "prune.cycles=1",
                                    "prune.sparsity=0.5", "retrain.epochs=0"}));
  (void)run(
      runs.config("with", {"model=resnet8", "train.epochs=1", "prune.cycles=1",
                           "prune.sparsity=0.5", "retrain.epochs=0", "recalibrate.batches=3"}));
  const TensorMap a = read_safetensors(runs.at("without") / "model.safetensors").tensors;
  const TensorMap b = read_safetensors(runs.at("with") / "model.safetensors").tensors;
  for (const auto& [name, tensor] : a) {
    const bool statistics = name.find("running_") != std::string::npos;
    EXPECT_EQ(tensor.bytes == b.at(name).bytes, !statistics) << name;
  }
}

// Bits may depend on the number of threads, but not on which of them was faster.
// (Short: on a busy machine threads that wait for each other take many times as long.)
TEST(ResnetRun, OnTwoThreadsResumedEndsInTheSameBits) {
  const SmallRuns runs;
  const std::vector<std::string> pair = {"model=resnet8", "train.epochs=1", "threads=2",
                                         "data.limit=120"};
  (void)run(runs.config("whole", pair));
  (void)interrupted_run(runs.config("stopped", pair), 4);  // the first of two steps of retraining
  (void)resume(runs.config("stopped", pair));
  expect_same_end(runs.at("whole"), runs.at("stopped"));
}

}  // namespace
}  // namespace pollard
