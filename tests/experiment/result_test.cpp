#include "experiment/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "experiment/parameters.h"

namespace pollard {
namespace {

using nlohmann::json;
using ::testing::DoubleNear;

// The example of the contract, with what our stages below were given. The contract allows more
// keys.
const json kExample = json::parse(R"(
{"format": 1, "status": "done", "model": "resnet20", "dataset": "cifar10", "seed": 1,
 "stages": [
  {"kind": "train",  "method": "dense", "epochs": 5, "seconds": 812.4,
   "test": {"top1": 88.1, "loss": 0.36}},
  {"kind": "prune",  "criterion": "magnitude", "allocation": "global", "requested_sparsity": 0.9,
   "sparsity": {"prunable": 0.9, "model": 0.895, "kept": 26834, "of": 268336},
   "theoretical_speedup": 6.39, "test": {"top1": 10.19, "loss": 2.9}},
  {"kind": "retrain", "schedule": "slr", "epochs": 3, "seconds": 480.1,
   "test": {"top1": 89.7, "loss": 0.31},
   "sparsity": {"prunable": 0.9, "model": 0.895, "kept": 26834, "of": 268336},
   "theoretical_speedup": 6.39}]})");

Meters meters(double top1, double loss) { return {.loss = loss, .top1 = top1, .top5 = 99.5}; }

Sparsity sparsity() {
  return {.prunable = 0.9,
          .model = 0.895,
          .kept = 26834,
          .of = 268336,
          .theoretical_speedup = 6.39,
          .layers = {{.name = "conv1.weight",
                      .shape = {16, 3, 3, 3},
                      .kept = 324,
                      .of = 432,
                      .multiply_adds = 442368}}};
}

json train() {
  return train_result({.kind = StageKind::Train, .id = "a0", .epochs = 5}, "dense", {}, 812.4,
                      meters(88.1, 0.36));
}
json prune(double before = 88.1) {
  const Stage stage{
      .kind = StageKind::Prune, .id = "b0", .cycle = 1, .sparsity = 0.9, .kept = 26834};
  return prune_result(stage, {"magnitude", "global"}, sparsity(), 0.25, before, meters(10.19, 2.9));
}
json retrain() {
  return retrain_result({.kind = StageKind::Retrain, .id = "c0", .cycle = 1, .epochs = 3}, "slr",
                        {.name = "sparse", .torch_ms = 812.3, .sparse_ms = 151.2}, sparsity(),
                        480.1, meters(89.7, 0.31));
}

Config config_of(std::initializer_list<const char*> overrides) {
  Config config(parameter_table());
  for (const char* text : overrides) config.apply(text);
  return config;
}

/// Everything in `wanted` is in `got`, with the same value.
void expect_contains(const json& got, const json& wanted, const std::string& where = "") {
  if (wanted.is_object()) {
    for (const auto& item : wanted.items()) {
      ASSERT_TRUE(got.contains(item.key())) << where << "/" << item.key();
      expect_contains(got[item.key()], item.value(), where + "/" + item.key());
    }
  } else if (wanted.is_array()) {
    ASSERT_EQ(got.size(), wanted.size()) << where;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      expect_contains(got[i], wanted[i], where + "/" + std::to_string(i));
  } else {
    EXPECT_EQ(got, wanted) << where;
    EXPECT_EQ(got.is_number_float(), wanted.is_number_float()) << where;
  }
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items()) keys.insert(item.key());
  return keys;
}

TEST(RunResult, HasAllThatTheContractShows) {
  const Config config = config_of({"model=resnet20", "data=cifar10", "seed=1"});
  const json result = run_result(config, "done", {train(), prune(), retrain()});
  expect_contains(result, kExample);
  EXPECT_EQ(json::parse(result.dump()), result);
}

TEST(RunResult, SaysWhatTheConfigurationSaysAndTheStatus) {
  const Config config = config_of({"model=lenet5", "data=mnist", "seed=12345678901"});
  for (const char* status : {"done", "interrupted", "failed"}) {
    const json result = run_result(config, status, json::array());
    EXPECT_EQ(result, (json{{"format", 1},
                            {"status", status},
                            {"model", "lenet5"},
                            {"dataset", "mnist"},
                            {"seed", 12345678901},
                            {"procedure", "IMP+"},
                            {"stages", json::array()}}));
  }
}

TEST(RunResult, TimeRatioIsAllPhasesOverDenseTraining) {
  const Config config = config_of({});
  const auto ratio = [&](const json& stages) {
    return run_result(config, "done", stages)["time_ratio"].get<double>();
  };
  EXPECT_DOUBLE_EQ(ratio(json::array({train()})), 1);
  // (812.4 + 0.25 + 480.1) / 812.4, by hand
  EXPECT_THAT(ratio({train(), prune(), retrain()}), DoubleNear(1.591273, 1e-6));
  json cycle = retrain();
  cycle["seconds"] = 812.4;
  EXPECT_DOUBLE_EQ(ratio({train(), cycle, cycle, cycle}), 4);
}

TEST(RunResult, WithoutDenseTrainingThereIsNoTimeRatio) {
  const json imported = import_result({.kind = StageKind::Import}, "w.safetensors", 1, {});
  EXPECT_FALSE(
      run_result(config_of({}), "done", {imported, prune(), retrain()}).contains("time_ratio"));
}

TEST(StageResult, StabilityIsAfterOverBefore) {
  // 10.19 / 88.1, by hand
  EXPECT_THAT(prune()["stability"].get<double>(), DoubleNear(0.1156640, 1e-7));
  EXPECT_DOUBLE_EQ(prune(10.19)["stability"].get<double>(), 1);
  EXPECT_FALSE(prune(0).contains("stability"));  // 0 right before: there is no ratio
}

TEST(StageResult, OfAPruneHasTheLayers) {
  EXPECT_EQ(prune()["layers"], json::parse(R"([{"name": "conv1.weight", "kept": 324, "of": 432,
                                                "multiply_adds": 442368}])"));
}

TEST(StageResult, OfAnImportNamesTheFile) {
  const json result = import_result({.kind = StageKind::Import, .id = "d0"}, "w.safetensors", 0.5,
                                    meters(88.1, 0.36));
  EXPECT_EQ(result, json::parse(R"({"kind": "import", "id": "d0", "weights": "w.safetensors",
      "seconds": 0.5, "test": {"top1": 88.1, "top5": 99.5, "loss": 0.36}})"));
}

TEST(StageResult, OfARetrainingSaysWhichEngineAndWhy) {
  EXPECT_EQ(retrain()["engine"], "sparse");
  EXPECT_EQ(retrain()["step_ms"], (json{{"torch", 812.3}, {"sparse", 151.2}}));
  const json other = retrain_result({.kind = StageKind::Retrain}, "slr", {.reason = "it may not"},
                                    sparsity(), 1, meters(89.7, 0.31));
  EXPECT_EQ(other["engine"], "torch");
  EXPECT_EQ(other["engine_reason"], "it may not");
  EXPECT_FALSE(other.contains("step_ms"));
}

TEST(StageResult, OfATrainingSaysWhichEngineWhereThatMayChange) {
  EXPECT_FALSE(train().contains("engine"));
  const EngineChoice choice{.name = "sparse", .torch_ms = 20, .sparse_ms = 9};
  const json gmp = train_result({.kind = StageKind::Train}, "gmp", choice, 1, meters(90, 0.3));
  EXPECT_EQ(gmp["engine"], "sparse");
  EXPECT_EQ(gmp["step_ms"], (json{{"torch", 20}, {"sparse", 9}}));
}

// Nothing that was measured on held-out images may pass for the test set.
TEST(StageResult, OfHeldOutImagesIsCalledValidation) {
  const json stages = json::array({train(), prune()});
  const json test = {{"top1", 70.0}};
  const json renamed = as_validation(stages, test);
  EXPECT_FALSE(renamed[0].contains("test"));
  EXPECT_EQ(renamed[0]["validation"], stages[0]["test"]);
  EXPECT_EQ(renamed[1]["validation"], stages[1]["test"]);
  EXPECT_EQ(renamed[1]["test"], test);
  EXPECT_FALSE(as_validation(stages, nullptr)[1].contains("test"));
}

// A key that goes or changes its name is a broken promise, one that comes is not: this is the list.
TEST(StageResult, Keys) {
  EXPECT_EQ(keys_of(train()),
            (std::set<std::string>{"kind", "id", "method", "epochs", "seconds", "test"}));
  EXPECT_EQ(keys_of(prune()),
            (std::set<std::string>{"kind", "id", "cycle", "criterion", "allocation",
                                   "requested_sparsity", "sparsity", "theoretical_speedup",
                                   "seconds", "test", "layers", "stability"}));
  EXPECT_EQ(keys_of(retrain()),
            (std::set<std::string>{"kind", "id", "cycle", "schedule", "epochs", "seconds", "test",
                                   "sparsity", "theoretical_speedup", "engine", "step_ms"}));
  EXPECT_EQ(keys_of(sparsity_json(sparsity())),
            (std::set<std::string>{"prunable", "model", "kept", "of"}));
}

}  // namespace
}  // namespace pollard
