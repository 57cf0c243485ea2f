#include "report/page/page_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/page/synthetic_source.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::SyntheticGrid;
using test::SyntheticSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const KeySet kIgnored{"seed"};

SyntheticGrid small_grid() {
  SyntheticGrid grid;
  grid.allocations = {"global", "erk"};
  grid.schedules = {"ft", "slr"};
  grid.sparsities = {0.9, 0.98};
  return grid;
}

TEST(PageView, GroupsOverSeedsByWhatVaries) {
  const SyntheticSource made(small_grid());
  const PageView view = view_page(made.source, kIgnored);
  EXPECT_EQ(view.groups.size(), 8u);
  EXPECT_THAT(view.keys, ElementsAre("prune.allocation", "prune.sparsity", "retrain.schedule"));
  EXPECT_EQ(view.colour, "retrain.schedule");
  EXPECT_EQ(view.x, "sparsity");
  EXPECT_EQ(view.fixed.at("model"), "resnet20");
  EXPECT_EQ(setting_of(view.groups.front(), "prune.allocation"), "erk");  // in order of the keys
  EXPECT_EQ(setting_of(view.groups[1], "retrain.schedule"), "slr");
}

TEST(PageView, LeavesOutSettingsThatGoWithAMethod) {
  SyntheticSource made(small_grid());
  for (ResultRow& row : made.source.rows) {
    if (row.settings.at("retrain.schedule") == "slr") row.settings["retrain.warmup"] = "0.1";
  }
  const PageView view = view_page(made.source, kIgnored);
  EXPECT_THAT(view.keys, ElementsAre("prune.allocation", "prune.sparsity", "retrain.schedule"));
  EXPECT_EQ(view.fixed.at("retrain.warmup"), "0.1");
}

TEST(PageView, KeepsASettingWhosePresenceAloneTellsGroupsApart) {
  SyntheticSource made(small_grid());
  for (ResultRow& row : made.source.rows) {
    if (row.settings.at("retrain.schedule") == "slr") row.settings["x.y"] = "1";
    row.settings["retrain.schedule"] = "ft";
  }
  EXPECT_THAT(view_page(made.source, kIgnored).keys,
              ElementsAre("prune.allocation", "prune.sparsity", "x.y"));
}

TEST(PageView, IsOverEpochsWhereOnlyTheseVary) {
  SyntheticGrid grid = small_grid();
  grid.sparsities = {0.9};
  SyntheticSource made(grid);
  int n = 0;
  for (ResultRow& row : made.source.rows) row.settings["retrain.epochs"] = std::to_string(n++ / 4);
  EXPECT_EQ(view_page(made.source, kIgnored).x, "retrain_epochs");
}

TEST(PageData, HasEveryRunWithItsSeedAndStages) {
  const SyntheticSource made(small_grid());
  const json data = page_data(view_page(made.source, kIgnored));
  ASSERT_EQ(data["groups"].size(), 8u);
  const json& group = data["groups"][0];
  EXPECT_EQ(group["s"], json({"erk", "0.9", "ft"}));
  ASSERT_EQ(group["r"].size(), 3u);
  const json& run = group["r"][2];
  EXPECT_EQ(run[0], made.source.rows[16].id.size() == 32 ? run[0] : json());
  EXPECT_EQ(run[1], "3");
  ASSERT_EQ(run[2].size(), data["measures"].size());
  ASSERT_EQ(run[3].size(), 3u);
  EXPECT_EQ(data["stages"][run[3][0].get<std::size_t>()]["k"], "train");
  EXPECT_EQ(data["stages"][run[3][2].get<std::size_t>()]["k"], "retrain");
  EXPECT_EQ(data["measures"][0]["h"], "top1 %");
}

TEST(PageData, HasWhatRunsShareOnce) {
  const SyntheticSource made(small_grid());
  const json data = page_data(view_page(made.source, kIgnored));
  EXPECT_EQ(data["stages"].size(), 3u * (1 + 4 + 8));
  EXPECT_EQ(data["layers"].size(), 1u);
  EXPECT_EQ(data["kept"].size(), 4u);  // of two allocations and sparsities, means over seeds
  // Rates: two schedules and the dense training, x and y; accuracies: theirs, and two kinds of x.
  EXPECT_LE(data["arrays"].size(), 2 * 3 + 2 + 3u * (1 + 8));
}

TEST(PageData, ThinsCurvesOutWhereThereAreMany) {
  SyntheticGrid grid;
  grid.schedules.assign(8, "");
  for (std::size_t i = 0; i < grid.schedules.size(); ++i) grid.schedules[i] = std::to_string(i);
  grid.sparsities.clear();
  for (int i = 0; i < 50; ++i) grid.sparsities.push_back(0.5 + 0.009 * i);
  grid.seeds = 1;
  grid.epochs = 60;
  const SyntheticSource made(grid);  // 2,000 curves of 60 points
  std::size_t longest = 0;
  const json data = page_data(view_page(made.source, kIgnored));
  for (const json& array : data["arrays"]) longest = std::max(longest, array.size());
  EXPECT_EQ(longest, 29u);
}

TEST(PageData, BearsAnEmptySource) {
  const PageSource source;
  const json data = page_data(view_page(source, kIgnored));
  EXPECT_EQ(data["groups"], json::array());
  EXPECT_EQ(data["progress"], json());
}

TEST(ScriptText, CannotEndItsElement) {
  const std::string text = script_text({{"a", "</script><!--\xff"}});
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(json::parse(text)["a"], "</script><!--\xef\xbf\xbd");
}

}  // namespace
}  // namespace pollard
