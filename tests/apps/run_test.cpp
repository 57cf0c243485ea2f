// The main job on a small scale, and what can be asked of its folder afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "apps/results.h"
#include "report/markup.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RunTest : public ResultTest {};

TEST_F(RunTest, LeavesTheFolderOfTheContract) {
  const Outcome outcome = must(Words{"run", "out=a/run"} + tiny() + Words{"prune.cycles=2"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("pruned 2"), HasSubstr("90.00"),
                                 HasSubstr("theoretical speedup"), HasSubstr("a/run/report.html")));
  for (const char* name : {"config.toml", "environment.json", "metrics.jsonl", "model.safetensors",
                           "masks.safetensors", "result.json", "report.html",
                           "events.out.tfevents.0.pollard", "checkpoints/last.safetensors"}) {
    EXPECT_TRUE(fs::is_regular_file(path() / "a/run" / name)) << name;
  }

  const json run = result("a/run");
  EXPECT_EQ(run["format"], 1);
  EXPECT_EQ(run["status"], "done");
  EXPECT_EQ(run["model"], "resnet8");
  EXPECT_EQ(run["dataset"], "mnist");
  EXPECT_EQ(run["seed"], 1);
  EXPECT_GT(run["time_ratio"].get<double>(), 1);
  ASSERT_THAT(kinds(run), ElementsAre("train", "prune", "retrain", "prune", "retrain"));
  for (const json& stage : run["stages"]) {
    const double top1 = stage["test"]["top1"];
    EXPECT_TRUE(top1 >= 0 && top1 <= 100) << stage;
    EXPECT_TRUE(stage["test"]["loss"].is_number() && stage["seconds"].is_number()) << stage;
  }
  EXPECT_EQ(run["stages"][0]["method"], "dense");
  EXPECT_EQ(run["stages"][0]["epochs"], 1);
  const json& prune = run["stages"][3];
  EXPECT_EQ(prune["criterion"], "magnitude");
  EXPECT_EQ(prune["allocation"], "global");
  EXPECT_EQ(prune["requested_sparsity"], 0.9);
  EXPECT_TRUE(prune["stability"].is_number());
  EXPECT_EQ(prune["sparsity"]["of"], 74512);
  EXPECT_EQ(prune["sparsity"]["kept"], 7451);
  EXPECT_NEAR(prune["sparsity"]["prunable"].get<double>(), 0.9, 1e-4);
  EXPECT_LT(prune["sparsity"]["model"].get<double>(), 0.9);
  EXPECT_GT(prune["theoretical_speedup"].get<double>(), 1);
  const json& retrain = run["stages"][4];
  EXPECT_EQ(retrain["schedule"], "slr");
  EXPECT_EQ(retrain["sparsity"], prune["sparsity"]);
  EXPECT_EQ(retrain["theoretical_speedup"], prune["theoretical_speedup"]);
}

TEST_F(RunTest, CanBeReportedAgainPlannedAndInspected) {
  must(Words{"run", "out=run"} + tiny());
  const std::string page = slurp(path() / "run/report.html");
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)\\s*=|url\\(|@import|<script")));
  EXPECT_THAT(page, HasSubstr("<svg "));

  fs::remove(path() / "run/report.html");
  EXPECT_THAT(must({"report", "run"}).out, HasSubstr("retrained"));
  EXPECT_EQ(slurp(path() / "run/report.html"), page);

  const auto before = snapshot(path());
  const std::string done = must(Words{"plan", "out=run"} + tiny()).out;
  EXPECT_THAT(done, AllOf(ContainsRegex("train .* done\n"), ContainsRegex("prune .*7451.* done\n"),
                          ContainsRegex("retrain .* done\n"), Not(HasSubstr("to do"))));
  const std::string partly =
      must(Words{"plan", "out=run"} + tiny() + Words{"seed=1"} + Words{"prune.sparsity=0.5"}).out;
  EXPECT_THAT(partly, AllOf(ContainsRegex("train .* done\n"), ContainsRegex("prune .* to do\n"),
                            ContainsRegex("retrain .* to do\n")));
  EXPECT_THAT(must({"inspect", "run/model.safetensors", "data.path=mnist"}).out,
              HasSubstr("sparsity 90.00 % (7,451 of 74,512 weights kept)"));
  EXPECT_THAT(changes(before, snapshot(path())), IsEmpty());
}

}  // namespace
}  // namespace pollard::test
