#include "experiment/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "experiment/event_reader.h"
#include "experiment/run_folder.h"
#include "experiment/small_run.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::expect_same_end;
using test::json_of;
using test::Listener;
using test::run;
using test::SmallRuns;
using test::snapshot;
using test::thrown_by;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;

std::vector<json> column(const json& stages, const json::json_pointer& path) {
  std::vector<json> values;
  for (const json& stage : stages) values.push_back(stage.value(path, json()));
  return values;
}

std::vector<json> metrics_of(const fs::path& folder) {
  std::istringstream text(read_text(folder / "metrics.jsonl"));
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

/// The run that the tests of this file look at, made once.
class FinishedRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    runs_ = std::make_unique<SmallRuns>();
    result_ = run(runs_->config("a"));
  }
  static void TearDownTestSuite() { runs_.reset(); }
  static fs::path folder() { return runs_->at("a"); }

  static inline std::unique_ptr<SmallRuns> runs_;
  static inline json result_;
};

TEST_F(FinishedRun, HasItsFilesAndNoLeftovers) {
  std::vector<std::string> names;
  for (const auto& [name, content] : snapshot(folder())) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre(".lock", "checkpoints", "checkpoints/last.safetensors",
                          "checkpoints/previous.safetensors", "config.toml", "environment.json",
                          "events.out.tfevents.0.pollard", "masks.safetensors", "metrics.jsonl",
                          "model.safetensors", "result.json"));
}

TEST_F(FinishedRun, SavesItsConfigurationAndConditions) {
  EXPECT_EQ(read_text(folder() / "config.toml"), runs_->config("a").to_toml());
  EXPECT_EQ(json_of(folder() / "environment.json")["threads"], 1);
  EXPECT_EQ(json_of(folder() / "environment.json")["device"], "cpu");
}

// Kept: 266200 - round(266200 (1 - 0.1^(c/2))), computed with 60 decimal digits; 266,610 parameters
// with the biases.
TEST_F(FinishedRun, HasAResultWithExactCounts) {
  EXPECT_EQ(json_of(folder() / "result.json"), result_);
  EXPECT_EQ(result_["status"], "done");
  EXPECT_EQ(result_["model"], "lenet-300-100");
  EXPECT_EQ(result_["dataset"], "mnist");
  const json& stages = result_["stages"];
  EXPECT_THAT(column(stages, "/kind"_json_pointer),
              ElementsAre("train", "prune", "retrain", "prune", "retrain"));
  EXPECT_THAT(column(stages, "/epochs"_json_pointer), ElementsAre(2, nullptr, 1, nullptr, 1));
  EXPECT_THAT(column(stages, "/sparsity/kept"_json_pointer),
              ElementsAre(nullptr, 84180, 84180, 26620, 26620));
  EXPECT_THAT(column(stages, "/sparsity/of"_json_pointer),
              ElementsAre(nullptr, 266200, 266200, 266200, 266200));
  EXPECT_DOUBLE_EQ(stages[4]["sparsity"]["prunable"].get<double>(), 0.9);
  EXPECT_NEAR(stages[4]["sparsity"]["model"].get<double>(), 239580.0 / 266610, 1e-12);
  EXPECT_THAT(column(stages, "/requested_sparsity"_json_pointer)[3], 0.9);
  // Every multiply-add of a multilayer perceptron is one weight, so the speedup is of / kept.
  EXPECT_THAT(column(stages, "/theoretical_speedup"_json_pointer)[4], 10.0);
  EXPECT_THAT(column(stages, "/seconds"_json_pointer), Each(Gt(0.0)));
  EXPECT_GT(result_["time_ratio"], 1.0);
}

TEST_F(FinishedRun, HasStabilitiesRelativeToTheStageBefore) {
  const json& stages = result_["stages"];
  const std::vector<json> top1 = column(stages, "/test/top1"_json_pointer);
  ASSERT_GT(top1[0], 30.0) << "the data is meant to be learned";
  for (const std::size_t at : {1U, 3U}) {
    EXPECT_DOUBLE_EQ(stages[at]["stability"].get<double>(),
                     top1[at].get<double>() / top1[at - 1].get<double>());
    std::int64_t kept = 0;
    for (const json& layer : stages[at]["layers"]) kept += layer["kept"].get<std::int64_t>();
    EXPECT_EQ(kept, stages[at]["sparsity"]["kept"]);
  }
}

TEST_F(FinishedRun, TellsWhatRetrainingBrought) {
  const json& stages = result_["stages"];
  for (const std::size_t at : {2U, 4U}) {
    EXPECT_DOUBLE_EQ(
        stages[at]["increase"].get<double>(),
        stages[at]["test"]["top1"].get<double>() - stages[at - 1]["test"]["top1"].get<double>());
  }
  EXPECT_EQ(result_["procedure"], "IMP+");
}

// The dense part is 1 of 4 epochs, so the whole training would take 4 times as long.
TEST(Runner, WithinTheRegularBudgetComparesWithTheRegularLength) {
  const SmallRuns runs;
  Config config = runs.config("a", {"train.epochs=4", "train.dense_epochs=1"});
  const json result = run(config);
  EXPECT_EQ(result["procedure"], "IMP");
  EXPECT_THAT(column(result["stages"], "/epochs"_json_pointer),
              ElementsAre(1, nullptr, 1, nullptr, 2));
  double seconds = 0;
  for (const json& stage : result["stages"]) seconds += stage["seconds"].get<double>();
  const double dense = result["stages"][0]["seconds"];
  EXPECT_NEAR(result["time_ratio"].get<double>(), seconds / (4 * dense), 1e-9);
}

TEST_F(FinishedRun, HasExactZerosWhereTheMasksAre) {
  const Safetensors model = read_safetensors(folder() / "model.safetensors");
  const Safetensors masks = read_safetensors(folder() / "masks.safetensors");
  ASSERT_EQ(masks.tensors.size(), 3U);
  std::int64_t kept = 0;
  for (const auto& [name, mask] : masks.tensors) {
    const std::span<const float> weights = model.tensors.at(name).f32();
    ASSERT_EQ(weights.size(), mask.u8().size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      ASSERT_EQ(weights[i] != 0, mask.u8()[i] == 1) << name << " " << i;
      ASSERT_FALSE(weights[i] == 0 && std::signbit(weights[i])) << name << " " << i;
      kept += mask.u8()[i];
    }
  }
  EXPECT_EQ(kept, 26620);
  EXPECT_EQ(model.metadata.at("model"), "lenet-300-100");
  EXPECT_EQ(model.metadata.at("sparsity"), "0.9");
  EXPECT_EQ(model.metadata.at("stage"), result_["stages"][4]["id"]);
}

// Steps 3, 6, 9 and two epochs of training; step 3 and one epoch of each retraining.
TEST_F(FinishedRun, HasOneLineARecordAndTheSameScalars) {
  const std::vector<json> lines = metrics_of(folder());
  std::string order;
  for (const json& line : lines) {
    order += line["kind"].get<std::string>().substr(0, 1) + line["event"].get<std::string>()[0] +
             std::to_string(line["step"].get<int>()) + " ";
    for (const char* key : {"stage", "epoch", "step", "lr", "train/loss"})
      EXPECT_TRUE(line[key].is_number()) << key;
    const bool epoch = line["event"] == "epoch";
    for (const char* key : {"test/top1", "test/loss", "sparsity", "seconds"})
      EXPECT_EQ(line.contains(key), epoch) << key;
  }
  EXPECT_EQ(order, "ts3 te5 ts6 ts9 te10 rs3 re5 rs3 re5 ");
  EXPECT_EQ(lines[4]["test/top1"], result_["stages"][0]["test"]["top1"]);
  EXPECT_EQ(lines[8]["test/top1"], result_["stages"][4]["test"]["top1"]);
  EXPECT_EQ(lines[4]["sparsity"], 0.0);
  EXPECT_EQ(lines[8]["sparsity"], 0.9);
  const std::vector<test::Scalar> scalars =
      test::read_events(read_text(folder() / "events.out.tfevents.0.pollard"));
  EXPECT_EQ(scalars.size(), 5U * 3 + 4U * 7);
  EXPECT_EQ(scalars.back().step, 20);  // 10 + 5 + 5 steps in all
}

// Milestones at steps 5 and 7.5 of 10: the last step of training has 0.01 of the rate; SLR starts
// each retraining at the full one, without warm-up as a tenth of 5 steps is none.
TEST_F(FinishedRun, HasTheLearningRatesOfEachStage) {
  const std::vector<json> lines = metrics_of(folder());
  const double rates[] = {.05, .05, .005, .0005, .0005, .05, .0005, .05, .0005};
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_NEAR(lines[i]["lr"].get<double>(), rates[i], 1e-12) << i;
}

TEST_F(FinishedRun, IsRefusedWithoutResumeAndLeftAlone) {
  const auto before = snapshot(folder());
  const Error error = thrown_by([] { (void)run(runs_->config("a", {"train.epochs=1"})); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("holds a run already"));
  EXPECT_THAT(error.what(), HasSubstr(folder().string()));
  EXPECT_THAT(error.hint(), HasSubstr("--resume"));
  EXPECT_EQ(snapshot(folder()), before);
}

TEST_F(FinishedRun, WhileAnotherWorksInItIsLeftAlone) {
  const RunFolder other(folder());
  const auto before = snapshot(folder());
  Listener listener;
  const Error error = thrown_by([&] { (void)test::resume(runs_->config("a"), listener); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr("another process"));
  auto after = snapshot(folder());
  for (const char* name : {"checkpoints"}) after.at(name) = before.at(name);  // times of folders
  EXPECT_EQ(after, before);
}

TEST_F(FinishedRun, ComesOutTheSameASecondTime) {
  (void)run(runs_->config("again"));
  expect_same_end(folder(), runs_->at("again"));
  EXPECT_NE(read_bytes(folder() / "model.safetensors").size(), 0U);
}

TEST_F(FinishedRun, DoesNotDependOnLoaderThreadsOrIntervals) {
  for (const std::string text :
       {"data.loader_threads=0", "data.loader_threads=2", "metrics.interval=1"}) {
    (void)run(runs_->config(text, {text}));
    expect_same_end(folder(), runs_->at(text));
  }
}

TEST_F(FinishedRun, DependsOnTheSeed) {
  (void)run(runs_->config("seed", {"seed=2"}));
  EXPECT_NE(read_bytes(folder() / "model.safetensors"),
            read_bytes(runs_->at("seed") / "model.safetensors"));
}

// Held-out images take the place of the test set everywhere but at the end.
TEST(RunChain, WithAValidationSplitReadsTheTestSetOnce) {
  const SmallRuns runs;
  const json result = run(runs.config("held", {"data.validation=0.2"}));
  const json& stages = result["stages"];
  for (std::size_t i = 0; i < stages.size(); ++i) {
    EXPECT_TRUE(stages[i].contains("validation")) << i;
    EXPECT_EQ(stages[i].contains("test"), i + 1 == stages.size()) << i;
  }
  for (const json& line : metrics_of(runs.at("held"))) {
    EXPECT_FALSE(line.contains("test/top1"));
    EXPECT_EQ(line.contains("validation/top1"), line["event"] == "epoch");
  }
  // 200 images in batches of 60.
  EXPECT_EQ(metrics_of(runs.at("held")).back()["step"], 4);
}

// ---- what is wrong is found before anything is written -----------------------------------------

TEST(RunChain, LeavesNoFolderWhereTheInputIsWrong) {
  const SmallRuns runs;
  test::write_digits(runs.at("broken"), "train", 10, 0);
  const std::pair<std::string, ErrorCode> wrong[] = {
      {"data.path=" + runs.at("nowhere").string(), ErrorCode::Io},
      {"data.path=" + runs.at("broken").string(), ErrorCode::Io},  // no test images
      {"data.limit=1000", ErrorCode::Config},
      {"data.normalization=cifar", ErrorCode::Config},
      {"weights=" + runs.at("nowhere.safetensors").string(), ErrorCode::Io},
      {"train.warmup=2", ErrorCode::Config},
      {"device=cuda:99", ErrorCode::Config}};
  for (const auto& [text, code] : wrong) {
    const Error error = thrown_by([&] { (void)run(runs.config("out", {text})); });
    EXPECT_EQ(error.code(), code) << text << ": " << error.what();
    EXPECT_FALSE(fs::exists(runs.at("out"))) << text;
  }
}

TEST(RunChain, AFileInTheWayIsAnIoError) {
  const SmallRuns runs;
  write_file(runs.at("file"), std::string_view("mine"));
  for (const char* out : {"file", "file/below"})
    EXPECT_EQ(thrown_by([&] { (void)run(runs.config(out)); }).code(), ErrorCode::Io);
  EXPECT_EQ(read_text(runs.at("file")), "mine");
}

TEST(RunFolderPath, IsGivenOrNamedAfterTheFileOrTheWork) {
  Config config(parameter_table());
  EXPECT_EQ(run_folder_path(config, "", ChainKind::Whole), "runs/resnet20-fashion-mnist");
  EXPECT_EQ(run_folder_path(config, "configs/my.first.toml", ChainKind::Whole), "runs/my.first");
  config.apply("model=lenet5");
  config.apply("data=mnist");
  EXPECT_EQ(run_folder_path(config, "", ChainKind::Whole), "runs/lenet5-mnist");
  // Trained, then pruned, without a word on where: once the second was refused for the first.
  EXPECT_EQ(run_folder_path(config, "", ChainKind::TrainOnly), "runs/lenet5-mnist-train");
  EXPECT_EQ(run_folder_path(config, "", ChainKind::PruneImport), "runs/lenet5-mnist-prune");
  EXPECT_EQ(run_folder_path(config, "", ChainKind::RetrainImport), "runs/lenet5-mnist-retrain");
  config.apply("out=elsewhere/b");
  EXPECT_EQ(run_folder_path(config, "configs/my.toml", ChainKind::Whole), "elsewhere/b");
}

}  // namespace
}  // namespace pollard
