#include "experiment/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "experiment/store/small_store.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::id_of;
using test::put;
using test::record_of;
using test::SmallStore;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Store, IsEmptyWhereNothingIs) {
  const TemporaryFolder folder;
  const Store store(folder / "no");
  EXPECT_THAT(store.ids(), IsEmpty());
  EXPECT_FALSE(store.holds(id_of("a")));
  EXPECT_FALSE(store.failure(id_of("a")));
  EXPECT_FALSE(fs::exists(folder / "no"));
}

TEST(Store, PublishesADraft) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  const StageRecord record = record_of("train", "", "train");
  const fs::path draft = store.draft(record.id);
  EXPECT_TRUE(fs::is_empty(draft));
  write_file(draft / "state.safetensors", std::string_view("state"));
  EXPECT_FALSE(store.holds(record.id));
  store.publish(draft, record, "metrics");
  EXPECT_TRUE(store.holds(record.id));
  EXPECT_FALSE(fs::exists(draft));
  EXPECT_THAT(store.ids(), ElementsAre(record.id));
  EXPECT_EQ(store.read(record.id).result, record.result);
  EXPECT_EQ(read_text(store.state_file(record.id)), "state");
  EXPECT_EQ(read_text(store.metrics_file(record.id)), "metrics");
}

TEST(Store, OfTwoThatFinishAStageTheFirstStays) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  StageRecord record = record_of("train", "", "train");
  record.result["seconds"] = 1;
  put(store, record);
  const fs::path draft = store.draft(record.id);
  record.result["seconds"] = 2;
  store.publish(draft, record, "");
  EXPECT_EQ(store.read(record.id).result["seconds"], 1);
  EXPECT_FALSE(fs::exists(draft));
}

TEST(Store, RemainsWithoutARecordAreNoStageAndGiveWay) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  const StageRecord record = record_of("train", "", "train");
  fs::create_directories(store.stage_folder(record.id));
  write_file(store.stage_folder(record.id) / "metrics.jsonl", std::string_view("old"));
  EXPECT_FALSE(store.holds(record.id));
  EXPECT_THAT(store.ids(), IsEmpty());
  put(store, record);
  EXPECT_TRUE(store.holds(record.id));
  EXPECT_EQ(read_text(store.metrics_file(record.id)), "{\"epoch\": 1}\n");
}

TEST(Store, ADraftThatACrashLeftIsEmptiedByItsSuccessor) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  write_file(store.draft(id_of("a")) / "half", std::string_view("half"));
  EXPECT_TRUE(fs::is_empty(store.draft(id_of("a"))));
  EXPECT_THAT(store.ids(), IsEmpty());
}

TEST(Store, OtherFoldersAreNoStages) {
  const SmallStore small;
  fs::create_directories(small.store.folder() / "notes");
  fs::create_directories(small.store.folder() / std::string(32, 'X'));
  EXPECT_THAT(small.store.ids(), SizeIs(5));
}

TEST(Store, AMovedFolderIsFound) {
  const SmallStore small;
  const fs::path place = small.store.stage_folder(id_of("moved"));
  fs::rename(small.store.stage_folder(id_of("train")), place);
  const Error error = thrown_by([&] { (void)small.store.read(id_of("moved")); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr((place / "stage.json").string()));
  EXPECT_THAT(error.what(), HasSubstr(id_of("train")));
}

TEST(Store, ChainsGoFromTheFirstToTheLast) {
  const SmallStore small;
  std::vector<std::string> ids;
  for (const StageRecord& record : small.store.chain(id_of("retrain a"))) ids.push_back(record.id);
  EXPECT_THAT(ids, ElementsAre(id_of("train"), id_of("prune a"), id_of("retrain a")));
  fs::remove_all(small.store.stage_folder(id_of("train")));
  EXPECT_THAT(thrown_by([&] { (void)small.store.chain(id_of("retrain a")); }).what(),
              HasSubstr(id_of("train")));
}

TEST(Store, ACircleOfStagesIsAnError) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  put(store, record_of("a", "b", "prune"), false);
  put(store, record_of("b", "a", "prune"), false);
  EXPECT_THAT(thrown_by([&] { (void)store.chain(id_of("a")); }).what(), HasSubstr("circle"));
}

TEST(Store, RemembersAFailureUntilToldToForget) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  store.write_failure(id_of("a"), {"loss is \xff nan", "lower train.lr"});
  ASSERT_TRUE(store.failure(id_of("a")));
  EXPECT_THAT(store.failure(id_of("a"))->error, HasSubstr("loss is"));
  EXPECT_EQ(store.failure(id_of("a"))->hint, "lower train.lr");
  write_file(folder / ("s/failed/" + id_of("a") + ".json"), std::string_view("{"));
  EXPECT_THAT(store.failure(id_of("a"))->error, HasSubstr("is damaged"));
  store.forget_failure(id_of("a"));
  store.forget_failure(id_of("a"));
  EXPECT_FALSE(store.failure(id_of("a")));
}

TEST(IsStageId, KnowsThem) {
  EXPECT_TRUE(is_stage_id("0123456789abcdef0123456789abcdef"));
  for (const char* text :
       {"", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789ABCDEF",
        "0123456789abcdef0123456789abcdefg", "0123456789abcdef0123456789abcde/"})
    EXPECT_FALSE(is_stage_id(text)) << text;
}

}  // namespace
}  // namespace pollard
