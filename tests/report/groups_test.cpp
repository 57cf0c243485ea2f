#include "report/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "report/result_rows.h"

namespace pollard {
namespace {

using test::row_of;
using test::sample_rows;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const KeySet kIgnored = {"seed", "out"};

std::vector<const Settings*> settings_of(const std::vector<ResultGroup>& groups) {
  std::vector<const Settings*> settings;
  for (const ResultGroup& group : groups) settings.push_back(&group.settings);
  return settings;
}

TEST(GroupResults, PutsSeedsTogether) {
  const std::vector<ResultRow> rows = sample_rows();
  const std::vector<ResultGroup> groups = group_results(rows, kIgnored);
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_THAT(groups[0].settings,
              ElementsAre(Pair("model", "resnet56"), Pair("prune.sparsity", "0.9"),
                          Pair("retrain.schedule", "ft")));
  EXPECT_EQ(groups[0].rows.size(), 3u);
  EXPECT_NEAR(groups[0].find("top1")->mean, 91.2, 1e-12);
  EXPECT_NEAR(*groups[0].find("top1")->std, 0.2, 1e-12);
  EXPECT_EQ(groups[0].find("loss"), nullptr);
  EXPECT_EQ(groups[2].settings.at("prune.sparsity"), "0.95");
  EXPECT_EQ(groups[2].find("top1")->n, 2u);
  EXPECT_THAT(varying_keys(settings_of(groups)), ElementsAre("prune.sparsity", "retrain.schedule"));
}

TEST(GroupResults, CanBeByKeysAlone) {
  const std::vector<ResultRow> rows = sample_rows();
  const std::string keys[] = {"retrain.schedule"};
  const std::vector<ResultGroup> groups = group_results_by(rows, keys);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].settings, ElementsAre(Pair("retrain.schedule", "ft")));
  EXPECT_EQ(groups[0].rows.size(), 5u);
  EXPECT_EQ(groups[1].find("top1")->n, 6u);
}

TEST(GroupResults, OrdersNumbersBySize) {
  std::vector<ResultRow> rows;
  for (const char* value : {"10", "auto", "9", "1e1", "-1", "", "0.5"})
    rows.push_back(row_of({{"k", value}}, {}));
  std::vector<std::string> values;
  for (const ResultGroup& group : group_results(rows, {})) values.push_back(group.settings.at("k"));
  EXPECT_THAT(values, ElementsAre("-1", "0.5", "9", "10", "1e1", "", "auto"));
}

TEST(GroupResults, OrdersRowsBySeed) {
  const std::vector<ResultRow> rows = {row_of({{"seed", "10"}}, {}), row_of({{"seed", "9"}}, {})};
  const std::vector<ResultGroup> groups = group_results(rows, {"seed"});
  EXPECT_EQ(groups[0].rows[0]->settings.at("seed"), "9");
}

TEST(VaryingKeys, ASettingWithoutEffectSomewhereVaries) {
  const Settings a{{"x", "1"}, {"y", "1"}}, b{{"x", "1"}};
  const Settings* both[] = {&a, &b};
  EXPECT_THAT(varying_keys(both), ElementsAre("y"));
  EXPECT_THAT(varying_keys({}), IsEmpty());
}

// The paper's rule: the average sparsity decides, not that of each seed.
TEST(BestGroup, TakesTheMeanFirstAndThenTheBest) {
  std::vector<ResultRow> rows;
  const auto add = [&](const char* penalty, std::vector<std::pair<double, double>> runs) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      rows.push_back(row_of({{"penalty", penalty}, {"seed", std::to_string(i)}},
                            {{"sparsity", runs[i].first}, {"top1", runs[i].second}}));
    }
  };
  add("1", {{0.8990, 90}, {0.9060, 95}});    // on average 0.9025: just in, 92.5
  add("2", {{0.9000, 93}, {0.9000, 92.6}});  // 92.8
  add("3", {{0.9020, 99}, {0.9040, 99}});    // 0.9030: out
  const std::vector<ResultGroup> groups = group_results(rows, {"seed"});
  const Goal goal{0.9};
  EXPECT_TRUE(meets(groups[0], goal));
  EXPECT_FALSE(meets(groups[2], goal));
  EXPECT_EQ(best_group(groups, "top1", goal), &groups[1]);
  EXPECT_EQ(best_group(groups, "top1"), &groups[2]);
  EXPECT_EQ(best_group(groups, "top1", Goal{0.9, 0.003}), &groups[2]);
  EXPECT_FALSE(meets(groups[0], {0.9, 0.00125}));
  EXPECT_EQ(best_group(groups, "top1", Goal{0.95}), nullptr);
  EXPECT_EQ(best_group(groups, "loss", goal), nullptr);
}

TEST(RunningMaxima, RiseWithTheCost) {
  std::vector<ResultRow> rows;
  const double points[][2] = {{30, 91.5}, {10, 90.7}, {10, 90.9}, {20, 90.1}, {50, 91.5}, {60, 92}};
  for (const auto& [epochs, top1] : points) {
    rows.push_back(
        row_of({{"n", std::to_string(rows.size())}}, {{"retrain_epochs", epochs}, {"top1", top1}}));
  }
  rows.push_back(row_of({{"n", "x"}}, {{"top1", 99}}));  // its cost is not known
  const std::vector<ResultGroup> groups = group_results(rows, {});
  const std::vector<Step> steps = running_maxima(groups, "retrain_epochs", "top1");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].x, 10);
  EXPECT_EQ(steps[0].best, 90.9);
  EXPECT_EQ(steps[0].group->settings.at("n"), "2");
  EXPECT_EQ(steps[1].x, 30);
  EXPECT_EQ(steps[2].x, 60);
  EXPECT_EQ(steps[2].best, 92);
}

std::vector<ResultRow> some_rows() {
  const auto some = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 5), rc::gen::inRange(1, 20), rc::gen::inRange(0, 50)));
  std::vector<ResultRow> rows;
  for (const auto& [setting, cost, top1] : some) {
    rows.push_back(row_of({{"k", std::to_string(setting)}, {"seed", std::to_string(rows.size())}},
                          {{"cost", cost}, {"top1", top1}}));
  }
  return rows;
}

RC_GTEST_PROP(GroupProperties, EveryRowIsInOneGroup, ()) {
  const std::vector<ResultRow> rows = some_rows();
  std::set<const ResultRow*> seen;
  std::size_t count = 0;
  for (const ResultGroup& group : group_results(rows, {"seed"})) {
    RC_ASSERT(group.find("top1")->n == group.rows.size());
    for (const ResultRow* row : group.rows) {
      seen.insert(row);
      ++count;
      RC_ASSERT(row->settings.at("k") == group.settings.at("k"));
    }
  }
  RC_ASSERT(count == rows.size());
  RC_ASSERT(seen.size() == rows.size());
}

// At every x the last step up to it is the best of all groups that cost no more.
RC_GTEST_PROP(RunningMaximaProperties, AreTheBestOfWhatCostsNoMore, ()) {
  const std::vector<ResultRow> rows = some_rows();
  const std::vector<ResultGroup> groups = group_results(rows, {"seed"});
  const std::vector<Step> steps = running_maxima(groups, "cost", "top1");
  for (int x = 0; x <= 20; ++x) {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    double best = kNone, said = kNone;
    for (const ResultGroup& group : groups) {
      if (group.find("cost")->mean <= x) best = std::max(best, group.find("top1")->mean);
    }
    for (const Step& step : steps) {
      if (step.x <= x) said = step.best;
    }
    RC_ASSERT(said == best);
  }
}

}  // namespace
}  // namespace pollard
