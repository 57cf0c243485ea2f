// What an index does about files that are damaged, and about damage of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.h"
#include "experiment/store/index.h"
#include "experiment/store/index_schema.h"
#include "experiment/store/small_store.h"
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
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

fs::path file_of(const Store& store) { return store.folder() / "index.sqlite"; }

TEST(DamagedFiles, AreLeftOutWithAWarningEach) {
  const SmallStore small;
  const fs::path stage = small.store.stage_folder(id_of("unwanted")) / "stage.json";
  const fs::path wanted = configuration_file(small.store, id_of("retrain b"));
  write_file(stage, std::string_view("{"));
  write_file(wanted, std::string_view("{"));
  StageRecord odd = record_of("odd", "train", "prune");
  odd.result["seconds"] = "a while";
  put(small.store, odd);
  RecordingProgress progress;
  Index index(small.store, progress);
  EXPECT_THAT(progress.warnings,
              UnorderedElementsAre(HasSubstr(stage.string()), HasSubstr(wanted.string()),
                                   HasSubstr(small.store.stage_folder(odd.id).string())));
  EXPECT_EQ(index.stages().size(), 4u);
  EXPECT_EQ(index.results().size(), 1u);
  // They are tried again, so that whoever mends them need not know of the index.
  fs::remove_all(stage.parent_path());
  fs::remove_all(small.store.stage_folder(odd.id));
  put(small.store, record_of("unwanted", "train", "prune"));
  fs::remove(wanted);
  progress.warnings.clear();
  index.update();
  EXPECT_THAT(progress.warnings, IsEmpty());
  EXPECT_EQ(index.stages().size(), 5u);
}

TEST(DamagedIndex, IsMovedAsideAndMadeAnew) {
  const SmallStore small;
  { const Index index(small.store, silent_progress()); }
  for (const std::string_view content : {"not a database, but of some length, as files are", "x"}) {
    write_file(file_of(small.store), std::string(4096, ' ') + std::string(content));
    RecordingProgress progress;
    Index index(small.store, progress);
    EXPECT_EQ(index.results().size(), 1u);
    EXPECT_THAT(progress.warnings, ElementsAre(AllOf(HasSubstr(file_of(small.store).string()),
                                                     HasSubstr("index.sqlite.damaged"))));
    EXPECT_THAT(read_text(file_of(small.store).string() + ".damaged"), HasSubstr(content));
  }
}

// A page in the middle, with the header as it should be: found by the first query that reads it.
TEST(DamagedIndex, IsFoundInTheMiddleToo) {
  const SmallStore small;
  { const Index index(small.store, silent_progress()); }
  std::string content = read_text(file_of(small.store));
  for (std::size_t i = 4096; i < content.size(); ++i) content[i] = static_cast<char>(0xa5);
  write_file(file_of(small.store), content);
  RecordingProgress progress;
  Index index(small.store, progress);
  EXPECT_EQ(index.results().size(), 1u);
  EXPECT_EQ(index.stages().size(), 5u);
  EXPECT_THAT(progress.warnings, ElementsAre(HasSubstr("index.sqlite.damaged")));
}

TEST(DamagedIndex, AnEmptyFileIsANewIndex) {
  const SmallStore small;
  write_file(file_of(small.store), std::string_view());
  RecordingProgress progress;
  EXPECT_EQ(Index(small.store, progress).results().size(), 1u);
  EXPECT_THAT(progress.warnings, IsEmpty());
}

TEST(Index, OfAnotherVersionIsMadeAnew) {
  const SmallStore small;
  {
    Index index(small.store, silent_progress());
    index.database().run("DROP TABLE measures; PRAGMA user_version=1000");
  }
  RecordingProgress progress;
  Index index(small.store, progress);
  EXPECT_EQ(index.results().size(), 1u);
  EXPECT_THAT(progress.warnings, IsEmpty());
  EXPECT_THAT(progress.notes, ElementsAre(HasSubstr("version 1000")));
  EXPECT_EQ(index.database().number("PRAGMA user_version"), kIndexVersion);
}

TEST(Index, ThatCannotBeOpenedIsMadeInMemory) {
  const SmallStore small;
  fs::create_directory(file_of(small.store));  // stands for any reason
  RecordingProgress progress;
  Index index(small.store, progress);
  EXPECT_FALSE(index.is_kept());
  EXPECT_EQ(index.results().size(), 1u);
  EXPECT_THAT(progress.warnings, ElementsAre(HasSubstr("in memory")));
  index.update();
  EXPECT_EQ(index.stages().size(), 5u);
}

TEST(Index, OfAReadOnlyStoreIsMadeInMemory) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  for (const bool indexed : {false, true}) {
    const SmallStore small;
    if (indexed) const Index index(small.store, silent_progress());
    fs::permissions(small.store.folder(), fs::perms::owner_read | fs::perms::owner_exec);
    if (indexed) fs::permissions(file_of(small.store), fs::perms::owner_read);
    RecordingProgress progress;
    Index index(small.store, progress);
    EXPECT_FALSE(index.is_kept());
    EXPECT_EQ(index.results().size(), 1u);
    EXPECT_THAT(progress.warnings, ElementsAre(HasSubstr("in memory")));
    fs::permissions(small.store.folder(), fs::perms::owner_all);
  }
}

}  // namespace
}  // namespace pollard
