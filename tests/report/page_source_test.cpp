#include "report/page/page_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

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
using test::thrown_by;
using ::testing::HasSubstr;

class Warnings final : public Progress {
 public:
  void note(std::string_view) override {}
  void warn(std::string_view message) override { all.emplace_back(message); }
  void begin(std::string_view, std::int64_t, std::int64_t) override {}
  void advance(std::int64_t, std::string_view) override {}
  void end(std::string_view) override {}
  std::vector<std::string> all;
};

fs::path describe(const SmallStore& small, const std::vector<std::string>& ids) {
  const fs::path folder = small.folder / "sweep";
  fs::create_directories(folder);
  write_file(folder / "sweep.json", nlohmann::json{{"format", 1},
                                                   {"name", "first"},
                                                   {"store", small.store.folder().string()},
                                                   {"axes", {"prune.sparsity"}},
                                                   {"configurations", ids}}
                                        .dump());
  return folder;
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files.insert(entry.path());
  return files;
}

TEST(PageReader, ReadsWhatAStoreHasAndLeavesNothingThere) {
  const SmallStore small;
  const std::set<std::string> before = files_in(small.store.folder());
  PageReader reader(small.store.folder());
  reader.update(silent_progress());
  const PageSource& source = reader.source();
  EXPECT_EQ(source.name, "store");
  EXPECT_EQ(source.wanted, 2u);
  ASSERT_EQ(source.rows.size(), 1u);  // b is not retrained yet
  EXPECT_EQ(source.rows[0].id, id_of("retrain a"));
  EXPECT_EQ(source.rows[0].measures.at("top1"), 90);
  EXPECT_EQ(source.chains.at(id_of("retrain a")).size(), 3u);
  EXPECT_EQ(source.stages.size(), 3u);
  EXPECT_FALSE(source.progress.has_value());
  EXPECT_EQ(files_in(small.store.folder()), before);
}

TEST(PageReader, SeesWhatIsFinishedLater) {
  const SmallStore small;
  PageReader reader(describe(small, {id_of("retrain b"), id_of("retrain a")}));
  reader.update(silent_progress());
  EXPECT_EQ(reader.source().rows.size(), 1u);
  EXPECT_EQ(reader.source().name, "first");
  put(small.store, record_of("retrain b", "prune b", "retrain"));
  reader.update(silent_progress());
  ASSERT_EQ(reader.source().rows.size(), 2u);
  EXPECT_EQ(reader.source().rows[0].id, id_of("retrain b"));  // as the sweep has them
}

TEST(PageReader, TellsWhatFailed) {
  const SmallStore small;
  small.store.write_failure(id_of("retrain b"), {"the loss is not finite", "lower train.lr"});
  PageReader reader(small.store.folder());
  reader.update(silent_progress());
  EXPECT_EQ(reader.source().failed, 1u);
  ASSERT_EQ(reader.source().failures.size(), 1u);
  EXPECT_EQ(reader.source().failures[0].failure.error, "the loss is not finite");
}

TEST(PageReader, DoesWithoutWhatIsDamagedAndSaysSoOnce) {
  const SmallStore small;
  write_file(small.store.stage_folder(id_of("prune a")) / "stage.json", "{");
  PageReader reader(small.store.folder());
  Warnings warnings;
  reader.update(warnings);
  reader.update(warnings);
  EXPECT_TRUE(reader.source().rows.empty());
  ASSERT_EQ(warnings.all.size(), 1u);
  EXPECT_THAT(warnings.all[0], HasSubstr(id_of("prune a")));
}

TEST(PageReader, ComparesTimeWithDenseTraining) {
  const SmallStore small;
  StageRecord dense = record_of("dense", "", "train");
  dense.result["method"] = "dense";
  put(small.store, dense);
  put(small.store, record_of("after", "dense", "retrain"));
  test::want(small.store, {{"train.epochs", "4"}, {"seed", "1"}}, {"dense", "after"});
  PageReader reader(describe(small, {id_of("after")}));
  reader.update(silent_progress());
  // 3 s in all; 2 of 4 dense epochs took 1.5 s.
  EXPECT_DOUBLE_EQ(reader.source().rows.at(0).measures.at("time_ratio"), 1);
}

TEST(PageReader, RefusesOtherFolders) {
  const SmallStore small;
  EXPECT_THAT(thrown_by([&] { PageReader{small.folder.path()}; }).what(),
              HasSubstr("neither a sweep's folder nor a store's"));
  const fs::path sweep = describe(small, {"../../etc/passwd"});
  EXPECT_THAT(thrown_by([&] { PageReader{sweep}; }).what(), HasSubstr("no ids"));
  write_file(sweep / "sweep.json", "[]");
  EXPECT_THAT(thrown_by([&] { PageReader{sweep}; }).what(), HasSubstr("describes no sweep"));
  write_file(sweep / "sweep.json",
             R"({"name":"x","axes":[],"configurations":[],"store":"/nowhere"})");
  EXPECT_THAT(thrown_by([&] { PageReader{sweep}; }).hint(), HasSubstr("mend \"store\""));
}

}  // namespace
}  // namespace pollard
