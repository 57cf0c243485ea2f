// Runs over a store: what is finished is taken from there, and ends in the same bits as if it had
// been computed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/folder_lock.h"
#include "experiment/runner.h"
#include "experiment/small_run.h"
#include "experiment/store/configuration.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::interrupted_run;
using test::Listener;
using test::run;
using test::SmallRuns;
using test::thrown_by;
using ::testing::Contains;
using ::testing::HasSubstr;

class RunnerStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] Config config(const std::string& out, std::vector<std::string> more = {}) const {
    more.push_back("store=" + store_.folder().string());
    return runs_.config(out, more);
  }

  // Steps of training and batches of evaluation.
  int advances(const Config& config) {
    Listener listener;
    (void)run_chain(config, ChainKind::Whole, false, listener);
    return listener.advances;
  }

  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const std::string& id : store_.ids()) kinds.push_back(store_.read(id).kind);
    std::ranges::sort(kinds);
    return kinds;
  }

  static json without_times(json result) {
    for (json& stage : result["stages"]) stage.erase("seconds");
    result.erase("time_ratio");
    return result;
  }

  SmallRuns runs_;
  Store store_{runs_.at("store")};
};

TEST_F(RunnerStoreTest, ANewStoreChangesNothingAndHasEveryStageAfterwards) {
  const json plain = run(runs_.config("plain"));
  const json stored = run(config("stored"));
  EXPECT_EQ(without_times(stored), without_times(plain));
  test::expect_same_end(runs_.at("plain"), runs_.at("stored"));
  EXPECT_EQ(kinds(), (std::vector<std::string>{"prune", "prune", "retrain", "retrain", "train"}));
  const std::vector<Configuration> wanted = configurations(store_);
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].stages.size(), 5U);
  EXPECT_EQ(wanted[0].settings.at("prune.cycles"), "2");
  EXPECT_EQ(store_.chain(wanted[0].id()).size(), 5U);
  EXPECT_EQ(read_result(store_, wanted[0]).measures.at("top1"),
            stored["stages"].back()["test"]["top1"].get<double>());
}

TEST_F(RunnerStoreTest, NothingIsComputedTwice) {
  const json first = run(config("first"));
  Listener listener;
  const json second = run_chain(config("second"), ChainKind::Whole, false, listener).result;
  EXPECT_EQ(listener.advances, 0);
  EXPECT_EQ(second, first);  // with the times that it took then
  test::expect_same_end(runs_.at("first"), runs_.at("second"));
  EXPECT_EQ(read_text(runs_.at("first") / "metrics.jsonl"),
            read_text(runs_.at("second") / "metrics.jsonl"));
}

TEST_F(RunnerStoreTest, ConfigurationsShareWhatTheyHaveInCommon) {
  (void)run(config("ft", {"retrain.schedule=ft"}));
  const int shared = advances(config("slr", {"retrain.schedule=slr"}));
  (void)run(runs_.config("alone", {"retrain.schedule=slr"}));
  test::expect_same_end(runs_.at("alone"), runs_.at("slr"));
  // All but the training and the first pruning, which evaluates once.
  EXPECT_LT(shared, SmallRuns::kAdvances - 10);
  EXPECT_EQ(std::ranges::count(kinds(), "train"), 1);
}

// What pruning took away is in the record whether the schedule that was first needs it or not.
TEST_F(RunnerStoreTest, AllrFindsWhatAnotherSchedulesPruningTookAway) {
  (void)run(config("ft", {"retrain.schedule=ft"}));
  (void)run(config("allr", {"retrain.schedule=allr"}));
  (void)run(runs_.config("alone", {"retrain.schedule=allr"}));
  test::expect_same_end(runs_.at("alone"), runs_.at("allr"));
}

TEST_F(RunnerStoreTest, ALongerRetrainingAtAConstantRateGoesOnFromAShorterOne) {
  const std::vector<std::string> one = {"retrain.schedule=ft", "prune.cycles=1"};
  std::vector<std::string> three = one;
  three.emplace_back("retrain.epochs=3");
  (void)run(config("one", one));
  Listener listener;
  (void)run_chain(config("three", three), ChainKind::Whole, false, listener);
  ASSERT_EQ(listener.bars.size(), 1U);
  EXPECT_EQ(listener.bars[0], (Listener::Bar{"retrain", 15, 5}));
  (void)run(runs_.config("alone", three));
  test::expect_same_end(runs_.at("alone"), runs_.at("three"));
  const auto epochs = [this](const char* name) {
    return std::ranges::count(read_text(runs_.at(name) / "metrics.jsonl"), '\n');
  };
  EXPECT_EQ(epochs("three"), epochs("alone"));
}

TEST_F(RunnerStoreTest, AStageThatWasKilledGoesOnAndIsStoredOnce) {
  (void)run(runs_.config("plain"));
  for (int stop_at = 1; stop_at < SmallRuns::kAdvances; stop_at += 5)
    (void)interrupted_run(config("killed"), stop_at == 1 ? 1 : 5, stop_at > 1);
  (void)test::resume(config("killed"));
  test::expect_same_end(runs_.at("plain"), runs_.at("killed"));
  EXPECT_EQ(store_.ids().size(), 5U);
}

TEST_F(RunnerStoreTest, StageByStageIsAsTheWholeRun) {
  (void)run(runs_.config("plain"));
  const Config stored = config("whole");
  std::vector<std::string> ids;
  {
    const Store other(runs_.at("other"));
    Config twin = stored;
    twin.apply("store=" + other.folder().string());
    (void)run(twin);
    ids = configurations(other)[0].stages;
    fs::remove_all(runs_.at("whole"));
  }
  for (const std::string& id : ids) {
    run_stage(stored, ChainKind::Whole, store_, id, silent_progress());
    EXPECT_TRUE(store_.holds(id));
    EXPECT_FALSE(fs::exists(store_.work_folder(id)));
  }
  Listener listener;
  (void)run_chain(stored, ChainKind::Whole, false, listener);
  EXPECT_EQ(listener.advances, 0);
  test::expect_same_end(runs_.at("plain"), runs_.at("whole"));
}

TEST_F(RunnerStoreTest, AStageThatSomebodyWorksOnIsBusy) {
  (void)run(config("first"));
  const std::string id = configurations(store_)[0].id();
  fs::remove_all(store_.stage_folder(id));
  fs::create_directories(store_.work_folder(id));
  const FolderLock lock(store_.work_folder(id), "");
  EXPECT_THROW(run_stage(config("x"), ChainKind::Whole, store_, id, silent_progress()), FolderBusy);
}

TEST_F(RunnerStoreTest, HeldOutImagesAreKeptApartFromTheTestSet) {
  const json first = run(config("first", {"data.validation=50"}));
  const json last = store_.read(configurations(store_)[0].id()).result;
  EXPECT_EQ(last["validation"], first["stages"].back()["validation"]);
  EXPECT_EQ(last["test"], first["stages"].back()["test"]);
  EXPECT_EQ(run(config("second", {"data.validation=50"})), first);
}

TEST_F(RunnerStoreTest, ADamagedStageIsNamed) {
  (void)run(config("first"));
  const std::string id = configurations(store_)[0].id();
  const fs::path state = store_.state_file(id);
  std::string bytes = read_text(state);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(state, bytes);
  const Error error = thrown_by([&] { (void)run(config("second")); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr(state.string()));
}

}  // namespace
}  // namespace pollard
