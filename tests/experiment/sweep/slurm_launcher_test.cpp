// The launcher over stand-ins for Slurm's commands; slurm_test.cpp has the real ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "experiment/sweep/slurm.h"
#include "experiment/sweep/stand_in_slurm.h"
#include "pollard/error.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::StandInSlurm;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class SlurmLauncherTest : public ::testing::Test {
 protected:
  static std::string id(char letter) { return std::string(32, letter); }
  void add(char letter, char parent) {
    jobs_.push_back({.id = id(letter),
                     .parent = parent == 0 ? "" : id(parent),
                     .kind = "train",
                     .label = "train",
                     .epochs = 1,
                     .config = ""});
  }
  void finish(char letter) const {
    fs::create_directories(store_.stage_folder(id(letter)));
    write_file(store_.stage_folder(id(letter)) / "stage.json", std::string_view("{}"));
  }
  SlurmLauncher launcher() { return {store_, folder_ / "rates", jobs_, options_}; }
  static std::string states(const std::vector<JobStatus>& statuses) {
    std::string letters;
    for (const JobStatus& status : statuses) letters += "PRDFIB"[static_cast<int>(status.state)];
    return letters;
  }

  TemporaryFolder folder_;
  StandInSlurm slurm_;
  Store store_{folder_ / "store"};
  std::vector<Job> jobs_;
  SlurmOptions options_;
};

TEST_F(SlurmLauncherTest, JobsThatWaitForTheSameAreAnArray) {
  for (const auto& [job, parent] : {std::pair('a', '\0'), {'b', 'a'}, {'c', 'a'}, {'d', '\0'}})
    add(job, parent);
  add('e', 'c');
  finish('d');
  add('f', 'd');
  SlurmLauncher launcher = this->launcher();
  EXPECT_FALSE(launcher.finished());
  EXPECT_EQ(states(launcher.update()), "PPPDPP");
  const std::vector<std::string> calls = slurm_.calls();
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_THAT(calls[0], AllOf(HasSubstr("--array=1-2 "), Not(HasSubstr("--dependency"))));  // a, f
  EXPECT_THAT(calls[1], AllOf(HasSubstr("--array=1-2 "), HasSubstr("--dependency=afterok:101_1 ")));
  EXPECT_THAT(calls[2], AllOf(HasSubstr("--array=1-1 "), HasSubstr("--dependency=afterok:102_2 ")));
  const fs::path arrays = folder_ / "rates" / "slurm";
  EXPECT_EQ(read_text(arrays / "1" / "stages.txt"), id('a') + "\n" + id('f') + "\n");
  EXPECT_EQ(read_job(store_, id('e')).parent, id('c'));

  EXPECT_EQ(states(launcher.update()), "PPPDPP");
  EXPECT_THAT(slurm_.calls(), SizeIs(3));
  EXPECT_EQ(launcher.statuses()[0].reason, "Priority");
}

TEST_F(SlurmLauncherTest, AWholeTreeThatIsDoneNeedsNoSlurm) {
  add('a', 0);
  add('b', 'a');
  finish('a');
  finish('b');
  SlurmLauncher launcher = this->launcher();
  EXPECT_EQ(states(launcher.update()), "DD");
  EXPECT_TRUE(launcher.finished());
  EXPECT_THAT(slurm_.calls(), IsEmpty());
}

TEST_F(SlurmLauncherTest, AParentMustStandBeforeOrBeFinished) {
  add('b', 'a');
  EXPECT_EQ(thrown_by([&] { (void)launcher(); }).code(), ErrorCode::Internal);
}

TEST_F(SlurmLauncherTest, WhatHasFailedIsNotSubmittedUntilThatIsForgotten) {
  add('a', 0);
  add('b', 'a');
  store_.write_failure(id('a'), {"no luck", ""});
  EXPECT_EQ(states(launcher().update()), "FB");
  EXPECT_THAT(slurm_.calls(), IsEmpty());
  store_.forget_failure(id('a'));
  EXPECT_EQ(states(launcher().update()), "PP");
  EXPECT_THAT(slurm_.calls(), SizeIs(2));
}

// On a file system over a network a result may be seen after its job has left the queue.
TEST_F(SlurmLauncherTest, AResultMayBeSeenLate) {
  add('a', 0);
  add('b', 'a');
  SlurmLauncher launcher = this->launcher();
  launcher.update();
  slurm_.put("queue", "");
  EXPECT_EQ(states(launcher.update()), "RP");
  EXPECT_THAT(slurm_.calls(), SizeIs(2));
  finish('a');
  // Job b has left the queue too: Slurm could not see why it should wait for more.
  EXPECT_EQ(states(launcher.update()), "DR");
  finish('b');
  EXPECT_EQ(states(launcher.update()), "DD");
}

TEST_F(SlurmLauncherTest, AControllerMayBeDownForAWhile) {
  add('a', 0);
  SlurmLauncher launcher = this->launcher();
  slurm_.put("down", "");
  const Error first = thrown_by([&] { launcher.update(); });
  EXPECT_EQ(first.code(), ErrorCode::Io);
  EXPECT_STREQ(first.what(),
               "'squeue' ended with 1: slurm_load_jobs error: Unable to contact slurm controller");
  slurm_.remove("down");
  launcher.update();
  slurm_.put("down", "");
  for (int times = 0; times < 9; ++times) EXPECT_EQ(states(launcher.update()), "P");
  slurm_.remove("down");
  launcher.update();
  slurm_.put("down", "");
  for (int times = 0; times < 9; ++times) EXPECT_EQ(states(launcher.update()), "P");
  EXPECT_EQ(thrown_by([&] { launcher.update(); }).code(), ErrorCode::Io);
}

TEST_F(SlurmLauncherTest, WhatSlurmHasForgottenIsTriedSoOften) {
  add('a', 0);
  options_.settle = 0;
  options_.most_resubmissions = 2;
  slurm_.put("ended", "");
  SlurmLauncher launcher = this->launcher();
  for (std::size_t submissions = 1; submissions <= 3; ++submissions) {
    EXPECT_EQ(states(launcher.update()), "P");
    EXPECT_THAT(slurm_.calls(), SizeIs(submissions));
    slurm_.put("queue", "");
  }
  EXPECT_EQ(states(launcher.update()), "I");
  EXPECT_THAT(launcher.statuses()[0].reason, HasSubstr("left the queue without a result, 3 times"));
  EXPECT_TRUE(launcher.finished());
  finish('a');  // after all
  EXPECT_EQ(states(launcher.update()), "D");
}

TEST_F(SlurmLauncherTest, JobsOfOtherSweepsAreNotOurs) {
  add('a', 0);
  (void)launcher().update();
  const std::string mine = slurm_.text("queue");
  slurm_.put("queue", "7|1|RUNNING|rates-00000000-1|None\n8|N/A|RUNNING|bash|None\n");
  SlurmLauncher other = launcher();
  EXPECT_EQ(states(other.update()), "P");
  EXPECT_THAT(slurm_.calls(), SizeIs(2));
  EXPECT_THAT(mine, HasSubstr("|PENDING|rates-"));
}

}  // namespace
}  // namespace pollard
