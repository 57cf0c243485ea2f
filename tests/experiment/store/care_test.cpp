#include "experiment/store/care.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "experiment/store/configuration.h"
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
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> problems_of(const Store& store, bool read_states = false) {
  std::vector<std::string> problems;
  for (const Finding& finding : verify(store, read_states, silent_progress()).findings) {
    EXPECT_FALSE(finding.hint.empty()) << finding.problem;
    problems.push_back(finding.problem);
  }
  return problems;
}

TEST(Verify, FindsNothingInAStoreThatIsWhole) {
  const SmallStore small;
  for (const bool read_states : {false, true}) {
    const Verification result = verify(small.store, read_states, silent_progress());
    EXPECT_THAT(result.findings, IsEmpty());
    EXPECT_EQ(result.stages, 5);
    EXPECT_EQ(result.states, 5);
    EXPECT_EQ(result.configurations, 2);
    EXPECT_EQ(result.unfinished, 1);
  }
}

TEST(Verify, NamesFilesThatCannotBeRead) {
  const SmallStore small;
  const fs::path stage = small.store.stage_folder(id_of("train")) / "stage.json";
  const fs::path wanted = configuration_file(small.store, id_of("retrain b"));
  write_file(stage, std::string_view("{"));
  write_file(wanted, std::string_view("{"));
  EXPECT_THAT(problems_of(small.store),
              ElementsAre(HasSubstr(wanted.string()), HasSubstr(stage.string())));
}

TEST(Verify, NamesHalfWrittenFolders) {
  const SmallStore small;
  const fs::path folder = small.store.stage_folder(id_of("unwanted"));
  fs::remove(folder / "stage.json");
  EXPECT_THAT(problems_of(small.store),
              ElementsAre(AllOf(HasSubstr(folder.string()), HasSubstr("no stage.json"))));
}

TEST(Verify, NamesStagesWithoutTheirParent) {
  const SmallStore small;
  fs::remove_all(small.store.stage_folder(id_of("prune a")));
  EXPECT_THAT(problems_of(small.store),
              ElementsAre(AllOf(HasSubstr(small.store.stage_folder(id_of("retrain a")).string()),
                                HasSubstr(id_of("prune a")))));
}

TEST(Verify, NamesConfigurationsThatDisagreeWithTheStages) {
  const SmallStore small;
  put(small.store, record_of("lone", "train", "prune"));
  test::want(small.store, {}, {"train", "prune a", "lone"});
  EXPECT_THAT(problems_of(small.store),
              ElementsAre(HasSubstr(configuration_file(small.store, id_of("lone")).string())));
}

TEST(Verify, MissesStatesOnlyWhereTheyAreNeeded) {
  const SmallStore small;
  for (const char* name : {"prune a", "unwanted"}) fs::remove(small.store.state_file(id_of(name)));
  EXPECT_THAT(problems_of(small.store), IsEmpty());
  fs::remove(small.store.state_file(id_of("prune b")));    // the next stage starts from it
  fs::remove(small.store.state_file(id_of("retrain a")));  // what all was done for
  EXPECT_EQ(problems_of(small.store).size(), 2u);
}

TEST(Verify, NamesStatesThatAreNotWhole) {
  const SmallStore small;
  const fs::path file = small.store.state_file(id_of("train"));
  const std::string whole = read_text(file);
  for (const std::string& cut :
       {std::string(), whole.substr(0, 5), whole.substr(0, 60), whole.substr(0, whole.size() - 1),
        whole + "x", std::string(100, '\xff')}) {
    write_file(file, cut);
    EXPECT_THAT(problems_of(small.store), ElementsAre(HasSubstr(file.string()))) << cut.size();
  }
  // A number changed: only reading it tells.
  std::string changed = whole;
  changed.back() = '\x3e';
  write_file(file, changed);
  EXPECT_THAT(problems_of(small.store), IsEmpty());
  EXPECT_THAT(problems_of(small.store, true),
              ElementsAre(AllOf(HasSubstr(file.string()), HasSubstr("checksum"))));
}

TEST(RequireStore, TellsAStoreFromOtherFolders) {
  const TemporaryFolder folder;
  EXPECT_THAT(thrown_by([&] { require_store(Store(folder / "no")); }).what(),
              HasSubstr("there is no store"));
  const Error error = thrown_by([&] { require_store(Store(folder.path())); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr(folder.path().string()));
  EXPECT_NO_THROW(require_store(SmallStore().store));
}

}  // namespace
}  // namespace pollard
