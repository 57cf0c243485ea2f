#include "report/page/page_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "experiment/sweep/job_book.h"
#include "support/temporary_folder.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;

JobQueue four_jobs() {
  return JobQueue({{"dense", "", "train", "train", 10, ""},
                   {"a", "dense", "retrain", "retrain", 4, ""},
                   {"b", "dense", "retrain", "retrain", 4, ""},
                   {"c", "dense", "retrain", "retrain", 8, ""}});
}

class SweepProgressOf : public testing::Test {
 protected:
  std::optional<SweepProgress> read() { return read_sweep_progress(file); }
  /// As if the job had taken so many seconds, or so many had passed since it began.
  void shift(const std::string& job, int seconds) {
    Database(file).run("update jobs set started = datetime('now', '-" + std::to_string(seconds) +
                       " seconds') where id = '" + job + "'");
  }

  test::TemporaryFolder folder;
  const std::filesystem::path file = folder / "jobs.sqlite";
  const JobQueue queue = four_jobs();
  JobBook book{file, queue, silent_progress()};
};

TEST_F(SweepProgressOf, AQueueThatHasNotBegun) {
  const auto progress = read();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->jobs.at("pending"), 4);
  EXPECT_EQ(progress->epochs, 26);
  EXPECT_EQ(progress->epochs_done, 0);
  EXPECT_FALSE(progress->seconds_left.has_value());
}

TEST_F(SweepProgressOf, OneThatRunsTellsWhatIsLeft) {
  book.set("dense", JobState::Running, "");
  book.set("a", JobState::Running, "");
  book.set("b", JobState::Running, "");
  book.set("dense", JobState::Done, "");
  book.set("a", JobState::Done, "");
  shift("a", 40);  // 10 s an epoch
  shift("b", 30);  // 10 s to go
  const auto progress = read();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->epochs_done, 14);
  EXPECT_THAT(progress->running, ElementsAre("retrain"));
  ASSERT_TRUE(progress->seconds_left.has_value());
  EXPECT_NEAR(*progress->seconds_left, 10 + 80, 6);
}

TEST_F(SweepProgressOf, OneThatIsGoneDoesNotRun) {
  book.set("a", JobState::Running, "");
  Database(file).run("update jobs set changed = datetime('now', '-10 minutes')");
  EXPECT_TRUE(read()->running.empty());
  book.beat(std::vector<std::string>{"a"});
  EXPECT_EQ(read()->running.size(), 1u);
}

TEST_F(SweepProgressOf, AWriterIsNotDisturbed) {
  Database writer(file);
  Transaction transaction(writer);  // holds the lock of writers
  writer.run("update jobs set state = 'failed'");
  EXPECT_EQ(read()->jobs.at("pending"), 4);
  transaction.commit();
  EXPECT_EQ(read()->jobs.at("failed"), 4);
}

TEST(ReadSweepProgress, LeavesNothingBeside) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = folder / "50 % of #1?.sqlite";
  { const JobBook book(file, four_jobs(), silent_progress()); }
  ASSERT_TRUE(read_sweep_progress(file).has_value());
  EXPECT_EQ(read_sweep_progress(file)->epochs, 26);
  const auto files = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(ReadSweepProgress, IsNoneWhereThereIsNoBook) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(read_sweep_progress(folder / "jobs.sqlite").has_value());
  EXPECT_FALSE(std::filesystem::exists(folder / "jobs.sqlite"));
  std::ofstream(folder / "jobs.sqlite") << "no database at all, but long enough to look into";
  EXPECT_FALSE(read_sweep_progress(folder / "jobs.sqlite").has_value());
}

}  // namespace
}  // namespace pollard
