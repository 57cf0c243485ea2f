// Chains that begin with weights, and runs whose numbers run away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiment/progress_record.h"
#include "experiment/small_run.h"
#include "pollard/safetensors.h"
#include "train/checkpoint.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::json_of;
using test::run;
using test::SmallRuns;
using test::thrown_by;
using ::testing::HasSubstr;

const char* const kWeights[] = {"fc1.weight", "fc2.weight", "fc3.weight"};

TensorMap model_in(const fs::path& folder) {
  return read_safetensors(folder / "model.safetensors").tensors;
}

/// One run trains, two others prune and retrain what it trained.
class ImportChain : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    runs_ = std::make_unique<SmallRuns>();
    trained_ = run(runs_->config("dense"), ChainKind::TrainOnly);
    pruned_ = run(with_weights("pruned", "dense", {"retrain.epochs=0"}), ChainKind::PruneImport);
  }
  static void TearDownTestSuite() { runs_.reset(); }
  static Config with_weights(const std::string& out, const std::string& from,
                             std::vector<std::string> more = {}) {
    more.push_back("weights=" + (runs_->at(from) / "model.safetensors").string());
    return runs_->config(out, more);
  }

  static inline std::unique_ptr<SmallRuns> runs_;
  static inline json trained_, pruned_;
};

TEST_F(ImportChain, TrainingAloneGivesADenseNetwork) {
  ASSERT_EQ(trained_["stages"].size(), 1U);
  EXPECT_EQ(trained_["stages"][0]["kind"], "train");
  EXPECT_EQ(trained_["time_ratio"], 1.0);
  const Safetensors masks = read_safetensors(runs_->at("dense") / "masks.safetensors");
  ASSERT_EQ(masks.tensors.size(), 3U);
  for (const auto& [name, mask] : masks.tensors)
    EXPECT_EQ(std::ranges::count(mask.u8(), 1), static_cast<std::ptrdiff_t>(mask.u8().size()));
}

TEST_F(ImportChain, TestsWhatItImports) {
  const json& imported = pruned_["stages"][0];
  EXPECT_EQ(imported["kind"], "import");
  EXPECT_EQ(imported["weights"], (runs_->at("dense") / "model.safetensors").string());
  EXPECT_EQ(imported["test"], trained_["stages"][0]["test"]);
  EXPECT_FALSE(pruned_.contains("time_ratio"));
}

// Kept: 84180 and 26620, as for the whole chain. What is left is the largest, and untouched.
TEST_F(ImportChain, PruningAloneKeepsTheLargestAsTheyAre) {
  ASSERT_EQ(pruned_["stages"].size(), 3U);
  EXPECT_EQ(pruned_["stages"][1]["sparsity"]["kept"], 84180);
  EXPECT_EQ(pruned_["stages"][2]["sparsity"]["kept"], 26620);
  const TensorMap before = model_in(runs_->at("dense")), after = model_in(runs_->at("pruned"));
  float smallest_kept = std::numeric_limits<float>::max(), largest_gone = 0;
  std::int64_t kept = 0;
  for (const char* name : kWeights) {
    const auto was = before.at(name).f32(), is = after.at(name).f32();
    for (std::size_t i = 0; i < was.size(); ++i) {
      if (is[i] == 0) {
        largest_gone = std::max(largest_gone, std::abs(was[i]));
        continue;
      }
      ++kept;
      ASSERT_EQ(is[i], was[i]) << name << " " << i;
      smallest_kept = std::min(smallest_kept, std::abs(was[i]));
    }
  }
  EXPECT_EQ(kept, 26620);
  EXPECT_GE(smallest_kept, largest_gone);
  for (const char* name : {"fc1.bias", "fc2.bias", "fc3.bias"})
    EXPECT_EQ(after.at(name), before.at(name));
}

TEST_F(ImportChain, RetrainingKeepsTheZeros) {
  const json result = run(with_weights("retrained", "pruned"), ChainKind::RetrainImport);
  ASSERT_EQ(result["stages"].size(), 2U);
  EXPECT_EQ(result["stages"][1]["kind"], "retrain");
  EXPECT_EQ(result["stages"][1]["sparsity"]["kept"], 26620);
  const TensorMap before = model_in(runs_->at("pruned")), after = model_in(runs_->at("retrained"));
  std::int64_t moved = 0;
  for (const char* name : kWeights) {
    const auto was = before.at(name).f32(), is = after.at(name).f32();
    for (std::size_t i = 0; i < was.size(); ++i) {
      ASSERT_TRUE(was[i] != 0 || is[i] == 0) << name << " " << i;
      moved += is[i] != was[i] ? 1 : 0;
    }
  }
  EXPECT_GT(moved, 26620 * 9 / 10);
}

// A network that is sparse already loses its zeros first: pruned to 95 %, it keeps 13310 of the
// 26620 and revives none.
TEST_F(ImportChain, PruningASparseNetworkRevivesNothing) {
  const json result =
      run(with_weights("sparser", "pruned", {"prune.sparsity=0.95", "prune.cycles=1"}),
          ChainKind::PruneImport);
  EXPECT_EQ(result["stages"][2]["sparsity"]["kept"], 13310);
  const TensorMap before = model_in(runs_->at("pruned")), after = model_in(runs_->at("sparser"));
  for (const char* name : kWeights) {
    const auto was = before.at(name).f32(), is = after.at(name).f32();
    for (std::size_t i = 0; i < was.size(); ++i)
      ASSERT_TRUE(was[i] != 0 || is[i] == 0) << name << " " << i;
  }
}

// Training and then importing is the whole chain in two parts, down to the last bit.
TEST_F(ImportChain, InTwoPartsIsTheWholeChain) {
  (void)run(runs_->config("whole"));
  (void)run(with_weights("second", "dense"));
  EXPECT_EQ(model_in(runs_->at("second")), model_in(runs_->at("whole")));
}

// A retraining that starts without momentum knows nothing of the cycle before it but the weights:
// two cycles in one run are two runs. 0.6837722... = 1 - sqrt(0.1) is where the first of them ends.
TEST_F(ImportChain, ResetMomentumMakesCyclesIndependent) {
  const std::string reset = "retrain.reset_momentum=true", one = "prune.cycles=1";
  (void)run(with_weights("reset", "dense", {reset}));
  (void)run(with_weights("first", "dense", {one, "prune.sparsity=0.6837722339831621"}));
  (void)run(with_weights("then", "first", {one}));
  EXPECT_EQ(model_in(runs_->at("then")), model_in(runs_->at("reset")));
  (void)run(with_weights("carried", "dense"));
  EXPECT_NE(model_in(runs_->at("carried")), model_in(runs_->at("reset")));
}

TEST_F(ImportChain, ResumesAfterASignal) {
  (void)run(with_weights("straight", "dense"));
  for (const int stop_at : {1, 2, 4, 8, 11}) {  // import, prune, retrain, prune, retrain
    const std::string name = "stopped" + std::to_string(stop_at);
    (void)test::interrupted_run(with_weights(name, "dense"), stop_at);
    (void)test::resume(with_weights(name, "dense"));
    test::expect_same_end(runs_->at("straight"), runs_->at(name));
  }
}

// The file changed between the parts: going on would mix two networks.
TEST_F(ImportChain, WithOtherContentIsNotResumed) {
  fs::create_directories(runs_->at("moving"));
  fs::copy(runs_->at("dense") / "model.safetensors", runs_->at("moving"));
  (void)test::interrupted_run(with_weights("mixed", "moving"), 4);
  fs::copy(runs_->at("pruned") / "model.safetensors", runs_->at("moving"),
           fs::copy_options::overwrite_existing);
  const Error error = thrown_by([] { (void)test::resume(with_weights("mixed", "moving")); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.hint(), HasSubstr("weights"));
}

// ---- numbers that run away ---------------------------------------------------------------------

TEST(DivergingRun, FailsAndLeavesTheLastGoodCheckpoint) {
  const SmallRuns runs;
  const Config config = runs.config("a", {"train.lr=1e6", "checkpoint.interval=0"});
  const Error error = thrown_by([&] { (void)run(config); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric);
  EXPECT_THAT(error.what(), HasSubstr("train"));
  EXPECT_THAT(error.hint(), HasSubstr("learning rate"));
  const json result = json_of(runs.at("a") / "result.json");
  EXPECT_EQ(result["status"], "failed");
  EXPECT_EQ(result["stages"], json::array());
  EXPECT_FALSE(fs::exists(runs.at("a") / "model.safetensors"));
  const auto checkpoint = load_checkpoint(runs.at("a") / "checkpoints", silent_progress());
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_GE(decode_progress(checkpoint->progress).loop.step, 1);
  for (const auto& [name, tensor] : checkpoint->weights) {
    EXPECT_TRUE(std::ranges::all_of(tensor.f32(), [](float x) { return std::isfinite(x); }))
        << name;
  }
  EXPECT_EQ(thrown_by([&] { (void)test::resume(config); }).code(), ErrorCode::Numeric);
}

TEST(DivergingRun, KeepsTheStagesBeforeIt) {
  const SmallRuns runs;
  (void)run(runs.config("dense"), ChainKind::TrainOnly);
  const std::string weights = "weights=" + (runs.at("dense") / "model.safetensors").string();
  const Config config = runs.config("a", {weights, "train.lr=1e6"});
  EXPECT_EQ(thrown_by([&] { (void)run(config); }).code(), ErrorCode::Numeric);
  const json result = json_of(runs.at("a") / "result.json");
  EXPECT_EQ(result["status"], "failed");
  ASSERT_EQ(result["stages"].size(), 2U);
  EXPECT_EQ(result["stages"][1]["kind"], "prune");
  const auto checkpoint = load_checkpoint(runs.at("a") / "checkpoints", silent_progress());
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_EQ(decode_progress(checkpoint->progress).stage, 2U);
}

// With a rate this high the running variances overflow while batch norm hides it from the loss: the
// stage goes through, but its checkpoint is refused. It must not be listed as finished.
TEST(DivergingRun, AStageThatCannotBeSavedIsNotFinished) {
  const SmallRuns runs;
  const Config config =
      runs.config("a", {"model=resnet8", "train.lr=1e12", "train.milestones=[0.5]",
                        "train.gamma=1e-30", "train.momentum=0", "train.nesterov=false",
                        "train.epochs=1", "data.limit=120", "fused=false"});
  const Error error = thrown_by([&] { (void)run(config); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("running_var"));
  const json result = json_of(runs.at("a") / "result.json");
  EXPECT_EQ(result["status"], "failed");
  EXPECT_EQ(result["stages"], json::array());
}

}  // namespace
}  // namespace pollard
