// The verbs chained through files, and how the command talks: to pipes, terminals and the quiet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/results.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class PartsTest : public ResultTest {};

TEST_F(PartsTest, OfAFileTakesItsNameAndSettings) {
  spill(path() / "mine.toml",
        "model = \"lenet-300-100\"\nthreads = 1\n[data]\nname = \"mnist\"\npath = \"mnist\"\n"
        "[train]\nepochs = 1\n[retrain]\nepochs = 0\n");
  must({"run", "mine.toml", "prune.sparsity=0.5"});
  const json run = result("runs/mine");
  EXPECT_EQ(run["model"], "lenet-300-100");
  EXPECT_THAT(kinds(run), ElementsAre("train", "prune"));
  EXPECT_EQ(run["stages"][1]["sparsity"]["prunable"], 0.5);
  // Its own configuration runs again, elsewhere, to the same weights.
  must({"run", "runs/mine/config.toml", "out=again"});
  EXPECT_EQ(slurp(path() / "again/model.safetensors"),
            slurp(path() / "runs/mine/model.safetensors"));
}

TEST_F(PartsTest, TalksPlainlyIntoAPipeAndLittleWhenQuiet) {
  const Outcome plain = must(Words{"run", "out=plain"} + tiny());
  EXPECT_THAT(plain.err, AllOf(HasSubstr("train epoch 1/1"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(plain.out, AllOf(StartsWith("stage "), Not(HasSubstr("\x1b"))));
  const Outcome quiet = must(Words{"run", "--quiet", "out=quiet"} + tiny());
  EXPECT_EQ(quiet.err, "");
  EXPECT_THAT(quiet.out, AllOf(StartsWith("stage "), HasSubstr("quiet/report.html")));
}

TEST_F(PartsTest, ColoursATerminalUnlessToldNotTo) {
  must(Words{"train", "model=resnet8", "data=mnist", "data.path=mnist", "train.epochs=2",
             "checkpoint.interval=0", "out=run"});
  spill(path() / "run/checkpoints/last.safetensors", "damaged");
  const auto plan = [&](bool terminal, const std::string& no_color) {
    const Options options{path(), {"TERM=xterm", "NO_COLOR=" + no_color}, terminal};
    return run_command(Words{"plan", "out=run"} + tiny(), options).err;
  };
  EXPECT_THAT(plan(true, ""), HasSubstr("\x1b[33mwarning:"));
  EXPECT_THAT(plan(true, "1"), AllOf(HasSubstr("warning:"), Not(HasSubstr("\x1b[33m"))));
  EXPECT_THAT(plan(false, ""), AllOf(HasSubstr("warning:"), Not(HasSubstr("\x1b"))));
}

TEST_F(PartsTest, ThatDivergesFailsAndSaysSo) {
  const Outcome outcome =
      pollard(Words{"run", "out=run", "initialization=kaiming"} + tiny() + Words{"train.lr=1e30"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(lines_of(outcome.err).back(), StartsWith("pollard: error: train: "));
  EXPECT_EQ(result("run")["status"], "failed");
  EXPECT_FALSE(fs::exists(path() / "run/model.safetensors"));
}

// train, prune and retrain, each from the file of the one before.
TEST_F(PartsTest, InPartsIsChainedThroughFiles) {
  const Words common = {"model=resnet8", "data=mnist", "data.path=mnist", "threads=1",
                        "train.epochs=1"};
  must(Words{"train", "out=dense"} + common);
  EXPECT_THAT(kinds(result("dense")), ElementsAre("train"));
  must(Words{"prune", "out=sparse", "weights=dense/model.safetensors", "prune.sparsity=0.8",
             "retrain.epochs=0"} +
       common);
  EXPECT_THAT(kinds(result("sparse")), ElementsAre("import", "prune"));
  must(Words{"retrain", "out=final", "weights=sparse/model.safetensors", "retrain.epochs=1"} +
       common);
  const json last = result("final");
  EXPECT_THAT(kinds(last), ElementsAre("import", "retrain"));
  EXPECT_EQ(last["stages"][1]["sparsity"], result("sparse")["stages"][1]["sparsity"]);
  EXPECT_NE(slurp(path() / "final/model.safetensors"), slurp(path() / "sparse/model.safetensors"));
  EXPECT_EQ(slurp(path() / "final/masks.safetensors"), slurp(path() / "sparse/masks.safetensors"));
  // The network that came out is the one that was measured.
  const std::string said = must({"evaluate", "weights=final/model.safetensors", "model=resnet8",
                                 "data=mnist", "data.path=mnist", "threads=1"})
                               .out;
  char top1[32];
  std::snprintf(top1, sizeof top1, "top-1     %.2f %%",
                last["stages"][1]["test"]["top1"].get<double>());
  EXPECT_THAT(said, AllOf(HasSubstr(top1), HasSubstr("sparsity  80.00 %")));
}

}  // namespace
}  // namespace pollard::test
