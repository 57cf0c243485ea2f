#include "experiment/sweep/slurm_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollard {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(SlurmQueue, ReadsWhatSqueuePrints) {
  const std::vector<QueuedTask> tasks = parse_queue(
      "12|3|PENDING|rates-1a-2|Dependency\n"
      "12|4|RUNNING|rates-1a-2|None\n"
      "12|5|COMPLETING|rates-1a-2|None\n"
      "12|6|REQUEUED|rates-1a-2|(a|b)\n"
      "13|N/A|RUNNING|rates-1a-3|None\n"
      "14|1|RUNNING|other-1|None\n"
      "\nnonsense\n|||\n",
      "rates-1a-");
  ASSERT_THAT(tasks, SizeIs(4));
  EXPECT_EQ(tasks[0].array, "rates-1a-2");
  EXPECT_EQ(tasks[0].job, "12");
  EXPECT_EQ(tasks[0].task, 3);
  EXPECT_FALSE(tasks[0].running);
  EXPECT_EQ(tasks[0].reason, "Dependency");
  EXPECT_TRUE(tasks[1].running);
  EXPECT_EQ(tasks[1].reason, "");
  EXPECT_TRUE(tasks[2].running);
  EXPECT_FALSE(tasks[3].running);
  EXPECT_THAT(parse_queue("", "rates"), IsEmpty());
}

// As Slurm 22.05 prints them, shortened.
TEST(SlurmQueue, ReadsHowATaskEnded) {
  const TaskEnd failed = parse_end(
      "JobId=4 ArrayJobId=4 JobState=FAILED Reason=NonZeroExitCode Restarts=0 ExitCode=3:0\n");
  EXPECT_EQ(failed.reason, "FAILED, exit status 3");
  EXPECT_FALSE(failed.cancelled);
  EXPECT_EQ(parse_end("JobId=4 JobState=TIMEOUT Reason=TimeLimit ExitCode=0:15").reason, "TIMEOUT");
  EXPECT_TRUE(parse_end("JobId=7 JobState=CANCELLED Reason=None ExitCode=0:0").cancelled);
  EXPECT_FALSE(parse_end("JobId=5 JobState=CANCELLED Reason=DependencyNeverSatisfied").cancelled);
  EXPECT_EQ(parse_end("").reason, "");
}

}  // namespace
}  // namespace pollard
