// Runs whose retraining, or training once its method has masked, is computed by the sparse engine,
// or by the one that auto measures as the faster.
#include "experiment/engine_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/progress_record.h"
#include "experiment/resume.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::expect_same_end;
using test::interrupted_run;
using test::Listener;
using test::resume;
using test::run;
using test::SmallRuns;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProgressRecord record_in(const fs::path& file) {
  Safetensors content = read_safetensors(file);
  return decode_progress(content.metadata.at("progress"));
}

json retraining(const json& result) { return result["stages"].back(); }

class EngineChoices : public ::testing::Test {
 protected:
  [[nodiscard]] Config config(const std::string& out, const std::string& engine,
                              std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"retrain.engine=" + engine, "prune.cycles=1", "retrain.epochs=2"});
    return runs_.config(out, more);
  }
  // Advances of the training, then the evaluation of the pruned network.
  static constexpr int kBefore = 11;

  SmallRuns runs_;
};

TEST_F(EngineChoices, SparseEndsNearTorch) {
  const json torch = run(config("torch", "torch")), sparse = run(config("sparse", "sparse"));
  EXPECT_EQ(retraining(torch)["engine"], "torch");
  EXPECT_EQ(retraining(sparse)["engine"], "sparse");
  EXPECT_FALSE(retraining(sparse).contains("step_ms"));
  EXPECT_EQ(retraining(sparse)["id"], retraining(torch)["id"]);
  EXPECT_EQ(retraining(sparse)["sparsity"], retraining(torch)["sparsity"]);
  EXPECT_NEAR(retraining(sparse)["test"]["loss"].get<double>(),
              retraining(torch)["test"]["loss"].get<double>(), 0.01);
  EXPECT_FALSE(read_bytes(runs_.at("sparse") / "model.safetensors") ==
               read_bytes(runs_.at("torch") / "model.safetensors"));
  EXPECT_TRUE(read_bytes(runs_.at("sparse") / "masks.safetensors") ==
              read_bytes(runs_.at("torch") / "masks.safetensors"));
}

TEST_F(EngineChoices, SparseResumedAtEveryStepEndsInTheSameBits) {
  (void)run(config("whole", "sparse"));
  const Config halting = config("halting", "sparse");
  (void)interrupted_run(halting, kBefore + 1);
  for (int step = 1; step < 10; ++step) (void)interrupted_run(halting, 1, true);
  EXPECT_EQ(retraining(resume(halting))["engine"], "sparse");
  expect_same_end(runs_.at("whole"), runs_.at("halting"));
}

TEST_F(EngineChoices, AutoTakesTheFasterAndSaysSo) {
  const Config asked = config("auto", "auto");
  Listener listener;
  const json stage = retraining(run_chain(asked, ChainKind::Whole, false, listener).result);
  const std::string name = stage["engine"];
  const double torch = stage["step_ms"]["torch"], sparse = stage["step_ms"]["sparse"];
  EXPECT_GT(torch, 0);
  EXPECT_GT(sparse, 0);
  EXPECT_EQ(name, sparse < torch ? "sparse" : "torch");
  EXPECT_THAT(listener.notes, HasSubstr("retrain: " + name + " engine: "));
  // As if nothing had been measured.
  (void)run(config("given", name));
  expect_same_end(runs_.at("auto"), runs_.at("given"));
  // The stage began with a checkpoint that knows the choice.
  const ProgressRecord begun = record_in(runs_.at("auto") / "checkpoints/previous.safetensors");
  EXPECT_EQ(begun.loop.epoch, 0);
  EXPECT_EQ(begun.loop.step, 0);
  ASSERT_TRUE(begun.engine.has_value());
  EXPECT_EQ(begun.engine->name, name);
  EXPECT_FALSE(record_in(runs_.at("auto") / "checkpoints/last.safetensors").engine.has_value());
}

TEST_F(EngineChoices, OfAStageUnderWayStays) {
  const Config asked = config("auto", "auto");
  (void)interrupted_run(asked, kBefore + 3);
  const fs::path last = runs_.at("auto") / "checkpoints/last.safetensors";
  const EngineChoice begun = record_in(last).engine.value();
  fs::copy(runs_.at("auto"), runs_.at("other"), fs::copy_options::recursive);
  const json stage = retraining(resume(asked));
  EXPECT_EQ(stage["step_ms"]["torch"], begun.torch_ms);  // not measured again
  EXPECT_EQ(stage["step_ms"]["sparse"], begun.sparse_ms);
  // Though the other is asked for now.
  Listener listener;
  const std::string other = begun.name == "sparse" ? "torch" : "sparse";
  EXPECT_EQ(retraining(resume(config("other", other), listener))["engine"], begun.name);
  EXPECT_THAT(listener.warnings, HasSubstr("began with, " + begun.name));
  (void)run(config("given", begun.name));
  expect_same_end(runs_.at("given"), runs_.at("auto"));
  expect_same_end(runs_.at("given"), runs_.at("other"));
}

TEST_F(EngineChoices, GoFromCycleToCycleWithTheMomentum) {
  const std::vector<std::string> twice = {"prune.cycles=2", "retrain.epochs=1",
                                          "retrain.engine=sparse"};
  const Config cycles = runs_.config("cycles", twice), halting = runs_.config("halting", twice);
  (void)run(cycles);
  (void)interrupted_run(halting, kBefore + 5);  // between the cycles
  (void)interrupted_run(halting, 3, true);
  (void)resume(halting);
  expect_same_end(runs_.at("cycles"), runs_.at("halting"));
}

// ---- a training whose method masks as it goes

constexpr int kStepsAnEpoch = 5;

class GmpEngines : public ::testing::Test {
 protected:
  // Masks after the first epoch (0.7 of the weights) and after the second; the third recovers.
  [[nodiscard]] Config config(const std::string& out, const std::string& engine,
                              std::vector<std::string> more = {}) const {
    more.insert(more.end(),
                {"model=lenet-300-100", "data=mnist", "threads=1", "train.lr=0.05",
                 "train.batch_size=60", "train.epochs=3", "train.method=gmp", "prune.sparsity=0.8",
                 "retrain.epochs=0", "metrics.interval=3", "train.engine=" + engine,
                 "out=" + runs_.at(out).string(), "data.path=" + runs_.at("data").string()});
    Config config(parameter_table());
    for (const std::string& text : more) config.apply(text);
    return config;
  }
  static json training(const json& result) { return result["stages"][0]; }

  SmallRuns runs_;
};

TEST_F(GmpEngines, SparseEndsNearTorch) {
  const json torch = run(config("torch", "torch")), sparse = run(config("sparse", "sparse"));
  EXPECT_EQ(training(torch)["engine"], "torch");
  EXPECT_EQ(training(sparse)["engine"], "sparse");
  EXPECT_EQ(training(sparse)["id"], training(torch)["id"]);
  EXPECT_NEAR(training(sparse)["test"]["loss"].get<double>(),
              training(torch)["test"]["loss"].get<double>(), 0.01);
  EXPECT_EQ(sparse["stages"][1]["sparsity"], torch["stages"][1]["sparsity"]);
  EXPECT_FALSE(read_bytes(runs_.at("sparse") / "model.safetensors") ==
               read_bytes(runs_.at("torch") / "model.safetensors"));
}

TEST_F(GmpEngines, ResumedAtEveryStepEndsInTheSameBits) {
  (void)run(config("whole", "sparse"));
  const Config halting = config("halting", "sparse");
  (void)interrupted_run(halting, 1);
  for (int step = 2; step < 3 * kStepsAnEpoch; ++step) (void)interrupted_run(halting, 1, true);
  EXPECT_EQ(training(resume(halting))["engine"], "sparse");
  expect_same_end(runs_.at("whole"), runs_.at("halting"));
}

TEST_F(GmpEngines, AutoMeasuresOnceTheNetworkIsSparseAndSavesWhatItChose) {
  const Config asked = config("auto", "auto");
  Listener listener(kStepsAnEpoch + 2);
  const Error stopped =
      thrown_by([&] { (void)run_chain(asked, ChainKind::Whole, false, listener); });
  EXPECT_EQ(stopped.code(), ErrorCode::Interrupted);
  EXPECT_THAT(listener.notes, HasSubstr(" engine: "));
  const EngineChoice begun =
      record_in(runs_.at("auto") / "checkpoints/last.safetensors").engine.value();
  EXPECT_GT(begun.torch_ms, 0);
  EXPECT_GT(begun.sparse_ms, 0);
  EXPECT_GT(begun.kept, 0);
  const json stage = training(resume(asked));
  if (begun.name == "sparse") {  // else it is measured once more, after the second epoch
    EXPECT_EQ(stage["engine"], "sparse");
    EXPECT_EQ(stage["step_ms"]["sparse"], begun.sparse_ms);
  }
}

TEST_F(GmpEngines, SparseIsRefusedWhereMaskedWeightsAreTrained) {
  const Error error =
      thrown_by([&] { (void)run(config("recovering", "sparse", {"method.gmp.mode=recovering"})); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("train.engine=sparse"), HasSubstr("masked")));
  // auto leaves it with the engine that can.
  const json result = run(config("auto", "auto", {"method.gmp.mode=recovering"}));
  EXPECT_FALSE(training(result).contains("engine"));
}

TEST(EngineChoice, IsMadeAgainOnceAFifthOfTheWeightsIsGone) {
  const auto masks = [](int kept) {
    Mask mask{.name = "w", .shape = {100}, .keep = std::vector<std::uint8_t>(100, 0)};
    std::fill_n(mask.keep.begin(), kept, std::uint8_t{1});
    return MaskSet({mask});
  };
  EXPECT_FALSE(is_to_choose_again({}, masks(81)));  // never made: of all weights
  EXPECT_TRUE(is_to_choose_again({}, masks(80)));
  EXPECT_FALSE(is_to_choose_again({.kept = 80}, masks(65)));
  EXPECT_TRUE(is_to_choose_again({.kept = 80}, masks(64)));
  EXPECT_FALSE(is_to_choose_again({.name = "sparse", .kept = 80}, masks(1)));
}

TEST_F(EngineChoices, SparseIsRefusedWhereItCannotRun) {
  const Error error = thrown_by([&] { (void)run(config("amp", "sparse", {"amp=true"})); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("retrain.engine=sparse"), HasSubstr("amp=true")));
  EXPECT_FALSE(fs::exists(runs_.at("amp")));

  Config cuda = config("cuda", "sparse");
  cuda.apply("device=cuda:99");
  const Graph graph("none", {1, 1, 1});
  const Error device = thrown_by([&] { check_engine(cuda, graph); });
  EXPECT_THAT(device.what(), HasSubstr("device=cuda:99"));
}

TEST_F(EngineChoices, AutoTakesTorchWhereSparseCannotRun) {
  Listener listener;
  const Config asked = config("amp", "auto", {"amp=true"});
  const json stage = retraining(run_chain(asked, ChainKind::Whole, false, listener).result);
  EXPECT_EQ(stage["engine"], "torch");
  EXPECT_FALSE(stage.contains("step_ms"));
  EXPECT_THAT(stage["engine_reason"].get<std::string>(), HasSubstr("amp=true"));
  EXPECT_THAT(listener.notes, HasSubstr("torch engine (the sparse one cannot: "));
}

}  // namespace
}  // namespace pollard
