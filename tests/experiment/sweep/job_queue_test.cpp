#include "experiment/sweep/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pollard {
namespace {

Job job(const std::string& id, const std::string& parent, std::int64_t epochs) {
  Job job;
  job.id = id;
  job.parent = parent;
  job.epochs = epochs;
  return job;
}

// train (4) -> prune a (0) -> a1 (1), a2 (5); prune b (0) -> b1 (2)
JobQueue tree() {
  return JobQueue({job("train", "", 4), job("b", "train", 0), job("a", "train", 0),
                   job("b1", "b", 2), job("a1", "a", 1), job("a2", "a", 5)});
}

bool all(std::size_t) { return true; }

// Runs one job after the other.
std::vector<std::string> order(JobQueue queue) {
  std::vector<std::string> ids;
  while (const auto next = queue.next(all)) {
    ids.push_back(queue.jobs()[*next].id);
    queue.set(*next, JobState::Done);
  }
  return ids;
}

TEST(JobQueue, TakesWhatHasTheLongestWayBehindItFirst) {
  EXPECT_THAT(order(tree()), ::testing::ElementsAre("train", "a", "a2", "b", "b1", "a1"));
}

TEST(JobQueue, WaitsForParents) {
  JobQueue queue = tree();
  EXPECT_EQ(queue.next(all), 0U);
  queue.set(0, JobState::Running);
  EXPECT_FALSE(queue.next(all));
  queue.set(0, JobState::Interrupted);
  EXPECT_EQ(queue.next(all), 0U);
  queue.set(0, JobState::Done);
  EXPECT_EQ(queue.next(all), 2U);
}

TEST(JobQueue, PassesOverWhatIsNotAllowed) {
  JobQueue queue = tree();
  queue.set(0, JobState::Done);
  EXPECT_EQ(queue.next([](std::size_t job) { return job != 2; }), 1U);
}

TEST(JobQueue, AFailureBlocksWhatIsBehindItOnly) {
  JobQueue queue = tree();
  queue.set(0, JobState::Done);
  queue.set(2, JobState::Failed);
  EXPECT_THAT(order(queue), ::testing::ElementsAre("b", "b1"));
  EXPECT_TRUE(queue.is_blocked(4));
  EXPECT_TRUE(queue.is_blocked(5));
  EXPECT_FALSE(queue.is_blocked(2));
  EXPECT_FALSE(queue.is_blocked(3));
}

TEST(JobQueue, AParentThatIsNoJobIsFinished) {
  EXPECT_EQ(JobQueue({job("a", "elsewhere", 1)}).next(all), 0U);
}

TEST(JobQueue, CountsJobsAndEpochs) {
  JobQueue queue = tree();
  queue.set(0, JobState::Done);
  queue.set(5, JobState::Done);
  EXPECT_EQ(queue.count(JobState::Done), 2U);
  EXPECT_EQ(queue.epochs(JobState::Done), 9);
  EXPECT_EQ(queue.epochs(JobState::Pending), 3);
}

}  // namespace
}  // namespace pollard
