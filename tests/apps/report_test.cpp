// `pollard report` of many runs, and `pollard serve`, on a store made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/refusals.h"
#include "experiment/store/small_store.h"
#include "report/page/page_server.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class ReportTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path() const { return small_.folder.path(); }
  [[nodiscard]] Outcome pollard(const Words& words) const {
    return run_command(words, {.folder = path()});
  }

  SmallStore small_;
};

TEST_F(ReportTest, OfAStoreIsOnePage) {
  const Outcome outcome = pollard({"report", "store", "--html", "all.html"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "1 of 2 configurations are finished\nall.html\n");
  EXPECT_THAT(slurp(path() / "all.html"), AllOf(HasSubstr("<b>1 of 2</b>"), HasSubstr("written ")));
  EXPECT_FALSE(fs::exists(path() / "store/report.html"));
  EXPECT_EQ(pollard({"report", "store"}).status, 0);
  EXPECT_TRUE(fs::exists(path() / "store/report.html"));
}

TEST_F(ReportTest, IsServedUntilCtrlC) {
  if (!PageServer::is_available()) GTEST_SKIP() << "this build has no HTTP server";
  Command command({"serve", "store", "--port", "0", "--host", "0.0.0.0"}, {.folder = path()});
  EXPECT_TRUE(command.says("whoever reaches http://0.0.0.0:"));
  command.send(SIGINT);
  const Outcome outcome = command.wait();
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("http://0.0.0.0:[0-9]+/ shows 'store' until Ctrl-C"));
}

TEST_F(ReportTest, IsRefusedForOtherFolders) {
  fs::create_directories(path() / "other");
  expect_all_refused(
      path(), {{{"report", "other"}, {"'other' holds no result.json", "of a sweep or of a store"}},
               {{"serve", "other"}, {"'other' is neither a sweep's folder nor a store's"}},
               {{"serve", "store", "--port", "70000"}, {"--port"}}});
}

}  // namespace
}  // namespace pollard::test
