// What the command says of itself, and to those who mistype it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(Help, ListsTheVerbsAndTheExitStatus) {
  const Outcome outcome = run_command({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* verb :
       {"run", "train", "prune", "retrain", "evaluate", "plan", "inspect", "bench", "export",
        "report", "serve", "results", "store", "parameters"}) {
    EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  ") + verb + " "));
  }
  EXPECT_THAT(outcome.out, HasSubstr("Exit status: 0 done"));
}

TEST(Help, NamesTheVersion) {
  const Outcome outcome = run_command({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("pollard [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Help, OfAVerbShowsItsParameters) {
  const Outcome outcome = run_command({"run", "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* part : {"--resume", "--quiet", "prune.sparsity=0.9", "retrain.schedule=slr",
                           "checkpoint.interval=60.0", "config.toml"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
}

TEST(Help, IsPointedToWhereTheCommandLineIsWrong) {
  const TemporaryFolder folder;
  expect_all_refused(folder.path(),
                     {{{}, {"there is no verb", "--help"}},
                      {{"evalute"}, {"'evalute' is not a verb", "did you mean 'evaluate'?"}},
                      {{"xyzzy"}, {"'xyzzy' is not a verb", "--help"}},
                      {{"run", "--resum"}, {"--resum"}},
                      {{"run", ""}, {"is empty"}},  // "$CONFIG", not set: once a run of hours
                      {{"run", "a.toml", "b.toml"}, {"'b.toml'"}}});
}

}  // namespace
}  // namespace pollard::test
