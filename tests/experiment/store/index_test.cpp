#include "experiment/store/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "experiment/store/index_schema.h"
#include "experiment/store/index_update.h"
#include "experiment/store/small_store.h"
#include "support/thrown.h"
#include "train/recording_progress.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::id_of;
using test::put;
using test::record_of;
using test::RecordingProgress;
using test::SmallStore;
using test::TemporaryFolder;
using test::thrown_by;
using test::want;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> ids_of(const std::vector<ResultRow>& rows) {
  std::vector<std::string> ids;
  for (const ResultRow& row : rows) ids.push_back(row.id);
  return ids;
}

const StageInfo& stage_named(const std::vector<StageInfo>& stages, const std::string& name) {
  for (const StageInfo& stage : stages) {
    if (stage.id == id_of(name)) return stage;
  }
  throw std::runtime_error("no stage " + name);
}

TEST(Index, HasTheFinishedConfigurations) {
  const SmallStore small;
  Index index(small.store, silent_progress());
  EXPECT_TRUE(index.is_kept());
  const std::vector<ResultRow> rows = index.results();
  ASSERT_THAT(ids_of(rows), ElementsAre(id_of("retrain a")));
  EXPECT_THAT(rows[0].settings, ElementsAre(Pair("model", "resnet20"),
                                            Pair("prune.sparsity", "0.9"), Pair("seed", "1")));
  EXPECT_EQ(rows[0].measures, (std::map<std::string, double>{{"dense_top1", 90},
                                                             {"epochs", 4},
                                                             {"loss", 0.25},
                                                             {"pruned_top1", 90},
                                                             {"retrain_epochs", 2},
                                                             {"seconds", 4.5},
                                                             {"top1", 90}}));
}

TEST(Index, HasTheStages) {
  const SmallStore small;
  Index index(small.store, silent_progress());
  const std::vector<StageInfo> stages = index.stages();
  ASSERT_EQ(stages.size(), 5u);
  const StageInfo& train = stage_named(stages, "train");
  EXPECT_EQ(train.parent, "");
  EXPECT_EQ(train.kind, "train");
  EXPECT_EQ(train.epochs, 2);
  EXPECT_EQ(train.steps, 20);
  EXPECT_EQ(train.seconds, 1.5);
  EXPECT_EQ(train.configurations, 2);
  EXPECT_EQ(train.bytes, bytes_in(small.store.stage_folder(id_of("train"))));
  EXPECT_GT(train.bytes, 40);
  EXPECT_GT(train.finished_at, 1'700'000'000);
  EXPECT_EQ(stage_named(stages, "prune b").configurations, 1);
  EXPECT_EQ(stage_named(stages, "prune b").parent, id_of("train"));
  EXPECT_EQ(stage_named(stages, "unwanted").configurations, 0);
}

TEST(Index, ReadsOnlyWhatIsNew) {
  const SmallStore small;
  { const Index index(small.store, silent_progress()); }
  // What is in the table already is not read again: of this file nothing is left to read.
  const fs::path file = small.store.stage_folder(id_of("train")) / "stage.json";
  const auto folder_time = fs::last_write_time(file.parent_path());
  write_file(file, std::string_view("damaged"));
  fs::last_write_time(file.parent_path(), folder_time);
  put(small.store, record_of("retrain b", "prune b", "retrain"));
  RecordingProgress progress;
  Index index(small.store, progress);
  EXPECT_THAT(progress.warnings, IsEmpty());
  EXPECT_EQ(index.results().size(), 2u);
}

TEST(Index, FollowsWhileItIsOpen) {
  const SmallStore small;
  Index index(small.store, silent_progress());
  put(small.store, record_of("retrain b", "prune b", "retrain"));
  EXPECT_EQ(index.results().size(), 1u);
  index.update();
  EXPECT_EQ(index.results().size(), 2u);
  want(small.store, {{"seed", "3"}}, {"train"});
  index.update();
  EXPECT_EQ(index.results().size(), 3u);
}

TEST(Index, ForgetsWhatIsGone) {
  const SmallStore small;
  { const Index index(small.store, silent_progress()); }
  fs::remove_all(small.store.stage_folder(id_of("unwanted")));
  fs::remove_all(small.store.stage_folder(id_of("prune a")));
  fs::remove(configuration_file(small.store, id_of("retrain b")));
  Index index(small.store, silent_progress());
  EXPECT_EQ(index.stages().size(), 3u);
  EXPECT_THAT(index.results(), IsEmpty());  // a stage of its chain is missing
  EXPECT_EQ(index.database().number("SELECT count(*) FROM measures"), 0);
  EXPECT_EQ(index.database().number("SELECT count(*) FROM configurations"), 1);
  EXPECT_EQ(index.database().number("SELECT count(*) FROM settings"), 3);
  EXPECT_EQ(stage_named(index.stages(), "train").configurations, 1);
  put(small.store, record_of("prune a", "train", "prune"));
  index.update();
  EXPECT_EQ(index.results().size(), 1u);
}

TEST(Index, SeesThatAStageHasShrunk) {
  const SmallStore small;
  std::int64_t before = 0;
  {
    Index index(small.store, silent_progress());
    before = stage_named(index.stages(), "train").bytes;
  }
  const fs::path state = small.store.state_file(id_of("train"));
  const auto size = static_cast<std::int64_t>(fs::file_size(state));
  fs::remove(state);
  Index index(small.store, silent_progress());
  EXPECT_EQ(stage_named(index.stages(), "train").bytes, before - size);
  EXPECT_EQ(index.results().size(), 1u);
}

TEST(Index, HasFailuresUntilTheyAreForgotten) {
  const SmallStore small;
  small.store.write_failure(id_of("retrain b"), {"loss is not finite", "lower train.lr"});
  Index index(small.store, silent_progress());
  const std::vector<FailedStage> failures = index.failures();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].id, id_of("retrain b"));
  EXPECT_EQ(failures[0].failure.error, "loss is not finite");
  EXPECT_EQ(failures[0].failure.hint, "lower train.lr");
  small.store.forget_failure(id_of("retrain b"));
  index.update();
  EXPECT_THAT(index.failures(), IsEmpty());
}

TEST(Index, LayersStayInTheFile) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  StageRecord record = record_of("prune", "", "prune");
  record.result["layers"] = {{{"name", "conv1.weight"}}};
  put(store, record);
  Index index(store, silent_progress());
  EXPECT_EQ(index.database().number("SELECT count(*) FROM stages WHERE result LIKE '%conv1%'"), 0);
  EXPECT_EQ(index.database().number("SELECT json_extract(result, '$.test.top1') FROM stages"), 90);
}

TEST(Index, TheViewHasARowAConfiguration) {
  const SmallStore small;
  Index index(small.store, silent_progress());
  Statement rows(index.database(), "SELECT id, model, goal, seed, top1, seconds FROM results");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.text(0), id_of("retrain a"));
  EXPECT_EQ(rows.text(1), "resnet20");
  EXPECT_EQ(rows.real(2), 0.9);
  EXPECT_EQ(rows.integer(3), 1);
  EXPECT_EQ(rows.real(4), 90);
  EXPECT_EQ(rows.real(5), 4.5);
  EXPECT_FALSE(rows.step());
}

TEST(Index, OfAMissingStoreIsAnError) {
  const TemporaryFolder folder;
  const Store store(folder / "no");
  const Error error = thrown_by([&] { const Index index(store, silent_progress()); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr((folder / "no").string()));
  EXPECT_FALSE(fs::exists(folder / "no"));
}

}  // namespace
}  // namespace pollard
