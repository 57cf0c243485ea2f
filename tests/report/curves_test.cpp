#include "report/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_run.h"

namespace pollard {

bool operator==(const Point& a, const Point& b) { return a.x == b.x && a.y == b.y; }

namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Points = std::vector<Point>;

TEST(TrainingCharts, PutAllStagesOnOneAxis) {
  const auto charts = training_charts(test::sample_result(), test::sample_metrics());
  ASSERT_EQ(charts.size(), 3u);
  const LineChart& loss = charts[0];
  ASSERT_EQ(loss.series.size(), 3u);
  EXPECT_EQ(loss.series[0].name, "train");
  EXPECT_THAT(loss.series[0].pieces, ElementsAre(Points{{1, 1.0}, {2, 0.5}}, Points{{3, 0.3}}));
  EXPECT_EQ(loss.series[1].name, "train, by step");
  EXPECT_THAT(loss.series[1].pieces, ElementsAre(Points{{0.5, 1.5}}));
  EXPECT_EQ(loss.series[2].name, "test");
  EXPECT_THAT(loss.series[2].pieces, ElementsAre(Points{{1, 0.9}, {2, 0.36}, {2, 2.9}, {3, 0.31}}));
  ASSERT_EQ(loss.separators.size(), 2u);
  EXPECT_EQ(loss.separators[0].label, "train");
  EXPECT_EQ(loss.separators[1].label, "retrain 1");
  EXPECT_EQ(loss.separators[1].x, 2);
}

TEST(TrainingCharts, ShowAccuracyAndLearningRate) {
  const auto charts = training_charts(test::sample_result(), test::sample_metrics());
  EXPECT_THAT(charts[1].series[2].pieces,
              ElementsAre(Points{{1, 65}, {2, 88.1}, {2, 10.19}, {3, 89.7}}));
  ASSERT_EQ(charts[2].series.size(), 1u);
  EXPECT_THAT(charts[2].series[0].pieces,
              ElementsAre(Points{{0.5, 0.1}, {1, 0.05}, {2, 0}}, Points{{3, 0.01}}));
}

TEST(TrainingCharts, AppearOnlyWithData) {
  EXPECT_THAT(training_charts(test::sample_result(), {}), IsEmpty());
  std::vector<json> metrics = test::sample_metrics();
  for (json& line : metrics) {
    for (const auto* key : {"train/top1", "test/top1", "lr", "test/loss"}) line.erase(key);
  }
  json result = test::sample_result();
  const auto charts = training_charts(result, metrics);
  ASSERT_EQ(charts.size(), 1u);
  EXPECT_EQ(charts[0].id, "loss");
  EXPECT_EQ(charts[0].series.size(), 2u);  // no test loss before the pruning: no drop to draw
}

TEST(TrainingCharts, CountAPositionOnceAsItWasWrittenLast) {
  std::vector<json> metrics = test::sample_metrics();
  metrics.push_back(metrics[2]);
  metrics.back()["train/loss"] = 0.45;
  const auto charts = training_charts(test::sample_result(), metrics);
  EXPECT_THAT(charts[0].series[0].pieces[0], ElementsAre(Point{1, 1.0}, Point{2, 0.45}));
}

TEST(TrainingCharts, TakeALogarithmicAxisForWideLosses) {
  std::vector<json> metrics = test::sample_metrics();
  EXPECT_FALSE(training_charts(test::sample_result(), metrics)[0].log_y);
  metrics.back()["train/loss"] = 0.001;
  EXPECT_TRUE(training_charts(test::sample_result(), metrics)[0].log_y);
  metrics.back()["train/loss"] = 0.0;
  EXPECT_FALSE(training_charts(test::sample_result(), metrics)[0].log_y);
}

TEST(TrainingCharts, WorkWithoutPositions) {
  std::vector<json> metrics = test::sample_metrics();
  for (json& line : metrics) line.erase("position");
  const auto charts = training_charts(test::sample_result(), metrics);
  EXPECT_THAT(charts[0].series[0].pieces,
              ElementsAre(Points{{1, 1.0}, {2, 0.5}}, Points{{3, 0.3}}));
}

TEST(LayerChart, ShowsWhatTheLastPruningKept) {
  json result = test::sample_result();
  json second = result["stages"][1];
  second["layers"][0]["kept"] = 108;
  result["stages"].push_back(second);
  const auto chart = layer_chart(result);
  ASSERT_TRUE(chart.has_value());
  ASSERT_EQ(chart->bars.size(), 2u);
  EXPECT_EQ(chart->bars[0].label, "conv1.weight");
  EXPECT_DOUBLE_EQ(chart->bars[0].value, 75);
  EXPECT_EQ(chart->bars[0].text, "75.0 %, kept 108 of 432");
}

TEST(LayerChart, IsAbsentWithoutLayers) {
  json result = test::sample_result();
  result["stages"][1].erase("layers");
  EXPECT_FALSE(layer_chart(result).has_value());
  result["stages"][1]["layers"] = json::array();
  EXPECT_FALSE(layer_chart(result).has_value());
}

}  // namespace
}  // namespace pollard
