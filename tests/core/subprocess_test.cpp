#include "core/subprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;

TEST(Subprocess, GivesWhatAProgramSays) {
  const ProgramResult result = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
}

TEST(Subprocess, PassesWordsAsTheyAre) {
  const ProgramResult result = run_program({"printf", "%s|", "a b", "$HOME", "'", ""});
  EXPECT_EQ(result.output, "a b|$HOME|'||");
  EXPECT_EQ(result.status, 0);
}

TEST(Subprocess, AProgramThatIsNotThere) {
  const Error error = thrown_by([] { (void)run_program({"no-such-program-9"}); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_STREQ(error.what(), "cannot start 'no-such-program-9': No such file or directory");
  EXPECT_THAT(error.hint(), HasSubstr("PATH"));
}

TEST(Subprocess, OneThatReturns127IsThere) {
  EXPECT_EQ(run_program({"sh", "-c", "exit 127"}).status, 127);
}

TEST(Subprocess, ASignalIsAStatus) {
  EXPECT_EQ(run_program({"sh", "-c", "kill -TERM $$"}).status, 143);
}

TEST(Subprocess, StandardInputIsEmpty) { EXPECT_EQ(run_program({"cat"}).output, ""); }

// More than the pipes hold, to both.
TEST(Subprocess, MuchToRead) {
  const ProgramResult result =
      run_program({"sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero"});
  EXPECT_EQ(result.output.size(), 300000);
  EXPECT_EQ(result.errors.size(), 300000);
}

}  // namespace
}  // namespace pollard
