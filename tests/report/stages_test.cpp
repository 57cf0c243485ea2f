#include "report/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_run.h"

namespace pollard {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

std::vector<std::string> titles(const json& result) {
  std::vector<std::string> titles;
  for (const StageView& stage : view_stages(result)) titles.push_back(stage.title);
  return titles;
}

TEST(ViewStages, NumbersCyclesWhereThereAreSeveral) {
  const json once = test::sample_result();
  EXPECT_THAT(titles(once), ElementsAre("dense", "pruned", "retrained"));
  json twice = once;
  twice["stages"].push_back(once["stages"][1]);
  EXPECT_THAT(titles(twice),
              ElementsAre("dense", "pruned 1", "retrained 1", "pruned 2 (not retrained)"));
  const auto views = view_stages(twice);
  EXPECT_EQ(views[0].mark, "train");
  EXPECT_EQ(views[2].mark, "retrain 1");
  EXPECT_EQ(views[3].mark, "prune 2");
}

TEST(ViewStages, NamesOtherMethodsAndKinds) {
  const json result = json::parse(R"({"stages": [{"kind": "train", "method": "gmp"},
                                                 {"kind": "import"}, {}]})");
  EXPECT_THAT(titles(result), ElementsAre("trained (gmp)", "import", "stage 3"));
  EXPECT_TRUE(view_stages(json::object()).empty());
  EXPECT_TRUE(view_stages(json::parse(R"({"stages": 3})")).empty());
}

TEST(StageOffsets, PutStagesOneAfterAnother) {
  EXPECT_THAT(stage_offsets(test::sample_result(), {}), ElementsAre(0, 2, 2, 3));
}

TEST(StageOffsets, TakeMissingEpochsFromTheMetrics) {
  json result = test::sample_result();
  result["stages"][0].erase("epochs");
  EXPECT_THAT(stage_offsets(result, test::sample_metrics()), ElementsAre(0, 2, 2, 3));
}

}  // namespace
}  // namespace pollard
