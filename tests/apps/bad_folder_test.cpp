// A run's folder is never overwritten: what a command may not do there leaves every byte.
#include <gtest/gtest.h>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;

class BadFolder : public AppTest {
 protected:
  void refused(const Words& words, const Words& named) const {
    expect_all_refused(path(), {{words, named}});
  }
};

TEST_F(BadFolder, OfAFinishedRunRefusesAnotherOne) {
  must(Words{"run", "out=done"} + tiny());
  refused(Words{"run", "out=done"} + tiny(), {"'done' holds a run already", "--resume"});
  refused({"prune", "out=done", "weights=done/model.safetensors"}, {"'done' holds a run already"});
  refused({"run", "--resume", "out=done", "prune.sparsity=0.5"},
          {"'prune.sparsity' is 0.5", "'done' was started with 0.9"});
  refused({"run", "--resume", "out=done", "weights=done/model.safetensors"}, {"'weights' is"});
  refused({"run", "--resume", "out=done", "threads=2"}, {"1 thread", "threads=1"});
  refused({"run", "--resume", "out=done", "data.path=gone"}, {"'gone/train-images-idx3-ubyte'"});
  refused({"train", "--resume", "out=done"}, {"'done' has other stages"});
}

// Only some of a run's files, of whoever wrote them: once these were replaced without a word.
TEST_F(BadFolder, OfSomebodyElseKeepsEveryFile) {
  spill(path() / "log/metrics.jsonl", "not ours\n");
  spill(path() / "page/report.html", "not ours\n");
  expect_all_refused(path(), {{Words{"run", "out=log"} + tiny(), {"'log' holds a run already"}},
                              {Words{"run", "out=page"} + tiny(), {"'page' holds a run already"}}});
}

TEST_F(BadFolder, OfAFinishedRunMayBeResumedAndStays) {
  must(Words{"run", "out=done"} + tiny());
  const auto before = snapshot(path() / "done");
  const Outcome outcome = must({"run", "--resume", "out=done"});
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("this run is done already"));
  EXPECT_THAT(changes(before, snapshot(path() / "done")), ::testing::IsEmpty());
}

TEST_F(BadFolder, HasNoReportWithoutAResult) {
  refused({"report", "mnist"}, {"'mnist' holds no result.json"});
  spill(path() / "done/result.json", "{\"stages\": [");
  refused({"report", "done"}, {"'done/result.json'", "JSON"});
}

// A full disk, played by a limit on the size of files: checkpoints do not fit, small files do.
TEST_F(BadFolder, OnAFullDiskKeepsNoHalfFiles) {
  const std::string command = "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\"";
  const Words words = Words{"-c", command, POLLARD_COMMAND, "run", "out=full"} + tiny();
  const Outcome outcome = Command(words, here(), "/bin/sh").wait();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("pollard: error: cannot write"));
  EXPECT_TRUE(fs::is_empty(path() / "full/checkpoints"));
  EXPECT_FALSE(fs::exists(path() / "full/model.safetensors"));
}

}  // namespace
}  // namespace pollard::test
