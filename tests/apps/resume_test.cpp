// Runs that are stopped, damaged and resumed end in the same bytes as those that are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Long enough to be stopped in time.
class ResumeTest : public AppTest {
 protected:
  ResumeTest() : AppTest({.train = 640, .test = 64, .side = 12}) {}

  [[nodiscard]] static Words settings(const Words& more = {}) {
    return Words{"model=resnet8",
                 "data=mnist",
                 "data.path=mnist",
                 "threads=1",
                 "train.epochs=6",
                 "train.batch_size=32",
                 "prune.cycles=2",
                 "retrain.epochs=2",
                 "checkpoint.interval=0.05",
                 "retrain.engine=sparse"} +
           more;
  }

  /// Starts a run and stops it with `signal` once it has said `text`.
  Outcome stopped(const Words& words, int signal, const std::string& text) const {
    Command command(words, here());
    EXPECT_TRUE(command.says(text)) << command.err();
    command.send(signal);
    return command.wait();
  }

  void resume_and_compare() const {
    must({"run", "--resume", "out=stopped"});
    must(Words{"run", "out=whole"} + settings());
    for (const char* name : {"model.safetensors", "masks.safetensors"}) {
      EXPECT_TRUE(slurp(path() / "stopped" / name) == slurp(path() / "whole" / name)) << name;
    }
  }

  [[nodiscard]] std::string status() const {
    return nlohmann::json::parse(slurp(path() / "stopped/result.json"))["status"];
  }
  [[nodiscard]] fs::path last() const { return path() / "stopped/checkpoints/last.safetensors"; }
  [[nodiscard]] fs::path previous() const {
    return path() / "stopped/checkpoints/previous.safetensors";
  }
};

// One bit, somewhere in the tensors.
void damage(const fs::path& file) {
  std::string bytes = slurp(file);
  bytes[bytes.size() * 3 / 4] = static_cast<char>(bytes[bytes.size() * 3 / 4] ^ 1);
  spill(file, bytes);
}

TEST_F(ResumeTest, AfterTerminationGoesOnToTheSameBytes) {
  const Outcome outcome =
      stopped(Words{"run", "out=stopped"} + settings(), SIGTERM, "train epoch 2/6");
  EXPECT_EQ(outcome.status, 143);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("a checkpoint is saved"), HasSubstr("--resume")));
  EXPECT_EQ(status(), "interrupted");
  EXPECT_TRUE(fs::exists(last()));
  EXPECT_FALSE(fs::exists(path() / "stopped/model.safetensors"));
  resume_and_compare();
  EXPECT_EQ(status(), "done");
}

TEST_F(ResumeTest, AfterCtrlCInEveryStageGoesOnToTheSameBytes) {
  Words words = Words{"run", "out=stopped"} + settings();
  for (const char* text : {"train epoch 1/6", "train epoch 4/6", "retrain 1/2 epoch 1/2",
                           "prune 2/2", "retrain 2/2 epoch 1/2"}) {
    const Outcome outcome = stopped(words, SIGINT, text);
    EXPECT_EQ(outcome.status, 130) << text << outcome.err;
    EXPECT_EQ(status(), "interrupted");
    words = {"run", "--resume", "out=stopped"};
  }
  resume_and_compare();
}

TEST_F(ResumeTest, FallsBackOnThePreviousCheckpoint) {
  Words words = Words{"run", "out=stopped"} + settings();
  static_cast<void>(stopped(words, SIGTERM, "train epoch 3/6"));
  damage(last());
  words = {"run", "--resume", "out=stopped"};
  const Outcome outcome = stopped(words, SIGTERM, "train epoch 4/6");
  EXPECT_EQ(outcome.status, 143);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning: "), HasSubstr("last.safetensors"),
                                 HasSubstr("checksum"), HasSubstr("previous.safetensors")));
  fs::resize_file(last(), fs::file_size(last()) / 2);
  resume_and_compare();
}

// A damaged checkpoint once took the place of the good one before it as soon as the next was
// written: for a moment, or if that one too was damaged, nothing was left.
TEST_F(ResumeTest, KeepsTheCheckpointThatItFellBackOn) {
  const Words rarely = {"checkpoint.interval=1000"};
  static_cast<void>(stopped(Words{"run", "out=stopped"} + settings(), SIGTERM, "train epoch 3/6"));
  const std::string good = slurp(previous());
  damage(last());
  static_cast<void>(
      stopped(Words{"run", "--resume", "out=stopped"} + rarely, SIGTERM, "train epoch 4/6"));
  EXPECT_TRUE(slurp(previous()) == good);
  damage(last());
  resume_and_compare();
}

TEST_F(ResumeTest, WithoutAWholeCheckpointIsRefusedAndLosesNothing) {
  static_cast<void>(stopped(Words{"run", "out=stopped"} + settings(), SIGTERM, "train epoch 3/6"));
  damage(last());
  damage(previous());
  expect_all_refused(
      path(), {{{"run", "--resume", "out=stopped"}, {"last.safetensors' is damaged", "out=DIR"}}});
}

TEST_F(ResumeTest, IsRefusedWhileAnotherProcessWorksThere) {
  Command first(Words{"run", "out=stopped"} + settings({"train.epochs=200"}), here());
  ASSERT_TRUE(first.says("train epoch 1/200"));
  expect_refused(pollard({"run", "--resume", "out=stopped"}), {"another process", "'stopped'"});
  expect_refused(pollard(Words{"run", "out=stopped"} + settings()), {"'stopped' holds a run"});
  ASSERT_TRUE(first.running());
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().status, 143);
}

// Once the first Ctrl-C had no effect on verbs that write no checkpoints.
TEST_F(ResumeTest, CtrlCStopsWhatHasNothingToSave) {
  write_small_mnist(path() / "many", {.train = 8, .test = 10000, .side = 28});
  must({"train", "model=resnet20", "data=mnist", "data.path=mnist", "train.epochs=1", "out=dense"});
  Command command({"evaluate", "model=resnet20", "weights=dense/model.safetensors", "data=mnist",
                   "data.path=many", "threads=1"},
                  {.folder = path(), .environment = {"TERM=xterm"}, .terminal = true});
  ASSERT_TRUE(command.says("evaluate"));
  command.send(SIGINT);
  const Outcome outcome = command.wait();
  EXPECT_EQ(outcome.signal, SIGINT);
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace pollard::test
