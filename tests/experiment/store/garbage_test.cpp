#include "experiment/store/garbage.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/files.h"
#include "experiment/store/index_update.h"
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
using test::want;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<fs::path> paths_of(const std::vector<Garbage>& garbage) {
  std::vector<fs::path> paths;
  for (const Garbage& item : garbage) paths.push_back(item.path);
  return paths;
}

// Of a process that was, and is no more.
pid_t dead_process() {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(0);
  ::waitpid(process, nullptr, 0);
  return process;
}

fs::path work_of(const Store& store, const std::string& name) {
  const fs::path folder = store.work_folder(id_of(name));
  fs::create_directories(folder);
  write_file(folder / ".lock", std::string_view());
  write_file(folder / "metrics.jsonl", std::string(100, 'x'));
  return folder;
}

TEST(Garbage, IsAStageThatNoConfigurationNeeds) {
  const SmallStore small;
  const std::vector<Garbage> garbage = find_garbage(small.store);
  ASSERT_THAT(paths_of(garbage), ElementsAre(small.store.stage_folder(id_of("unwanted"))));
  EXPECT_EQ(garbage[0].kind, GarbageKind::Stage);
  EXPECT_EQ(garbage[0].bytes, bytes_in(garbage[0].path));
  EXPECT_EQ(small.store.ids().size(), 5u);  // nothing is removed by looking
  EXPECT_EQ(remove_garbage(small.store, garbage), garbage[0].bytes);
  EXPECT_FALSE(fs::exists(garbage[0].path));
  EXPECT_EQ(small.store.ids().size(), 4u);
  EXPECT_THAT(find_garbage(small.store), IsEmpty());
}

// Also one that is wanted only after it was found.
TEST(Garbage, IsNeverAStageThatAConfigurationNeeds) {
  const SmallStore small;
  const std::vector<Garbage> garbage = find_garbage(small.store);
  want(small.store, {{"seed", "1"}}, {"train", "unwanted"});
  EXPECT_EQ(remove_garbage(small.store, garbage), 0);
  EXPECT_TRUE(small.store.holds(id_of("unwanted")));
}

TEST(Garbage, IsNotLookedForWhereEverythingWouldGo) {
  const SmallStore small;
  fs::remove_all(small.store.folder() / "configurations");
  const Error error = thrown_by([&] { (void)find_garbage(small.store); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr(small.store.folder().string()));
  const TemporaryFolder folder;
  EXPECT_THAT(find_garbage(Store(folder / "no")), IsEmpty());
}

TEST(Garbage, IsNotLookedForWhereAConfigurationCannotBeRead) {
  const SmallStore small;
  write_file(configuration_file(small.store, id_of("retrain a")), std::string_view("{"));
  EXPECT_THAT(thrown_by([&] { (void)find_garbage(small.store); }).what(),
              HasSubstr(id_of("retrain a")));
}

TEST(Garbage, IsWhatACutRemovalLeft) {
  const SmallStore small;
  const fs::path folder = small.store.stage_folder(id_of("prune a"));
  fs::remove(folder / "stage.json");
  const std::vector<Garbage> garbage = find_garbage(small.store);
  EXPECT_THAT(paths_of(garbage),
              UnorderedElementsAre(folder, small.store.stage_folder(id_of("unwanted"))));
  remove_garbage(small.store, garbage);
  EXPECT_FALSE(fs::exists(folder));
}

TEST(Garbage, IsTheWorkOnAFinishedStageUnlessLocked) {
  const SmallStore small;
  remove_garbage(small.store, find_garbage(small.store));
  const fs::path done = work_of(small.store, "retrain a"), open = work_of(small.store, "retrain b");
  const fs::path locked = work_of(small.store, "train");
  const int lock = ::open((locked / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  std::vector<Garbage> garbage = find_garbage(small.store);
  ASSERT_THAT(paths_of(garbage), ElementsAre(done));
  EXPECT_EQ(garbage[0].bytes, 100);
  // Locked after it was found: it stays, too.
  garbage.push_back({GarbageKind::Work, locked, id_of("train"), 100});
  EXPECT_EQ(remove_garbage(small.store, garbage), 100);
  EXPECT_FALSE(fs::exists(done));
  EXPECT_TRUE(fs::exists(open));
  EXPECT_TRUE(fs::exists(locked / "metrics.jsonl"));
  ::close(lock);
  EXPECT_THAT(paths_of(find_garbage(small.store)), ElementsAre(locked));
}

TEST(Garbage, IsTheDraftOfADeadProcess) {
  const SmallStore small;
  remove_garbage(small.store, find_garbage(small.store));
  const fs::path mine = small.store.draft(id_of("x"));
  const fs::path left =
      small.store.folder() / "work" / fmt::format("{}.{}.draft", id_of("y"), dead_process());
  fs::create_directories(left);
  write_file(left / "state.safetensors", std::string(30, 'x'));
  for (const char* name : {"notes", "x.1.draft"})
    fs::create_directories(small.store.folder() / "work" / name);
  EXPECT_THAT(find_garbage(small.store), IsEmpty());  // it may be another machine's, at work
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(2);
  fs::last_write_time(left / "state.safetensors", old);
  fs::last_write_time(left, old);
  fs::last_write_time(mine, old);
  const std::vector<Garbage> garbage = find_garbage(small.store);
  ASSERT_THAT(paths_of(garbage), ElementsAre(left));
  EXPECT_EQ(garbage[0].kind, GarbageKind::Draft);
  EXPECT_EQ(remove_garbage(small.store, garbage), 30);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(mine));
}

TEST(Garbage, IsTheStateInsideFinishedChainsWhereAskedFor) {
  const SmallStore small;
  remove_garbage(small.store, find_garbage(small.store));
  // "train" is needed for b, which is not finished; the last of a is what a was made for.
  const GarbageRules states{.states = true};
  EXPECT_THAT(paths_of(find_garbage(small.store, states)),
              ElementsAre(small.store.state_file(id_of("prune a"))));
  put(small.store, record_of("retrain b", "prune b", "retrain"));
  const std::vector<Garbage> garbage = find_garbage(small.store, states);
  EXPECT_THAT(paths_of(garbage), UnorderedElementsAre(small.store.state_file(id_of("train")),
                                                      small.store.state_file(id_of("prune a")),
                                                      small.store.state_file(id_of("prune b"))));
  remove_garbage(small.store, garbage);
  EXPECT_EQ(small.store.ids().size(), 5u);  // results stay
  EXPECT_FALSE(fs::exists(small.store.state_file(id_of("train"))));
  EXPECT_TRUE(fs::exists(small.store.state_file(id_of("retrain a"))));
  EXPECT_THAT(find_garbage(small.store, states), IsEmpty());
}

}  // namespace
}  // namespace pollard
