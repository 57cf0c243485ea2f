// Measured beside theoretical speedup, of finished configurations and a record made by hand.
#include "report/paper/measured_speed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/paper/paper_rows.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::allocation_spec;
using test::profile_of;
using test::row_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ResultRow row(const char* id, const char* allocation, const char* sparsity, const char* seed,
              double theory, double top1) {
  ResultRow row =
      row_of({{"prune.allocation", allocation}, {"prune.sparsity", sparsity}, {"seed", seed}},
             {{"theoretical_speedup", theory}, {"top1", top1}, {"sparsity", std::stod(sparsity)}});
  row.id = id;
  return row;
}

ProfileResults results() {
  return profile_of({row("e90", "erk", "0.9", "2", 5, 90), row("e90b", "erk", "0.9", "10", 5, 91),
                     row("e95", "erk", "0.95", "1", 9, 85),
                     row("g90", "global", "0.9", "1", 6, 92)});
}

Spec speed_spec() { return allocation_spec("speed", SpecKind::Speed, "Speed"); }

// The second network measured is the one named first; e95 has no time in the case.
json record() {
  return json::parse(R"({
    "networks": [{"configuration": "g90"}, {"configuration": "e90"}, {"configuration": "e95"}],
    "cases": [{"batch": 128, "threads": 1, "baseline": {"name": "oneDNN", "ms": 40.0},
               "sparse": [{"network": 1, "median_ms": 16.0, "speedup": 2.5},
                          {"network": 0, "median_ms": 10.0, "speedup": 4.0}]}]})");
}

TEST(RowsToMeasure, AreThoseOfTheSmallestSeed) {
  std::vector<std::string> found;
  for (const MeasuredRow& one : rows_to_measure(speed_spec(), results()))
    found.push_back(one.line + " " + one.row.id);
  EXPECT_THAT(found, ElementsAre("ERK e90", "ERK e95", "Global g90"));
}

TEST(SpeedRecord, IsOfTheNetworksThatItNames) {
  std::vector<MeasuredRow> rows = rows_to_measure(speed_spec(), results());
  EXPECT_TRUE(is_record_of(record(), rows));
  EXPECT_FALSE(is_record_of(json(), rows));
  EXPECT_FALSE(is_record_of(json::parse(R"("a text")"), rows));
  rows.pop_back();
  EXPECT_FALSE(is_record_of(record(), rows));
  rows.clear();
  EXPECT_FALSE(is_record_of(json(), rows));
}

TEST(SpeedFigure, HasWhatWasMeasuredOfEachConfiguration) {
  const MadeFigure made = make_speed_figure(speed_spec(), results(), record());
  EXPECT_EQ(made.mark, Mark::Reproduced);
  ASSERT_EQ(made.figure.panels.size(), 2u);
  const Panel& speed = made.figure.panels[0];
  EXPECT_EQ(speed.title, "batch 128, 1 thread");
  EXPECT_TRUE(speed.log_x);
  ASSERT_EQ(speed.lines.size(), 2u);
  EXPECT_EQ(speed.lines[0].name, "ERK");
  ASSERT_EQ(speed.lines[0].spots.size(), 1u);  // the one that has a time
  EXPECT_EQ(speed.lines[0].spots[0].x, 5);
  EXPECT_EQ(speed.lines[0].spots[0].y, 2.5);
  EXPECT_THAT(speed.lines[0].spots[0].origin, ElementsAre("e90"));
  const Panel& accuracy = made.figure.panels[1];
  EXPECT_EQ(accuracy.lines[1].spots[0].x, 4);
  EXPECT_EQ(accuracy.lines[1].spots[0].y, 92);
  EXPECT_THAT(made.figure.notes.back(), HasSubstr("batch 128, 1 thread: oneDNN, 40.00 ms"));
}

TEST(SpeedFigure, OfNothingMeasuredIsMissing) {
  const MadeFigure made = make_speed_figure(speed_spec(), results(), {});
  EXPECT_EQ(made.mark, Mark::Missing);
  ASSERT_EQ(made.figure.panels.size(), 1u);
  EXPECT_THAT(made.figure.panels[0].lines, IsEmpty());
  EXPECT_THAT(draw_figure(made.figure), HasSubstr("Nothing was measured."));
}

TEST(SpeedValues, AreALineANetwork) {
  const TextTable table = measured_values(speed_spec(), results(), record());
  EXPECT_EQ(table.columns[5].header, "batch 128, 1 thread: ms");
  EXPECT_THAT(table.rows,
              ElementsAre(ElementsAre("ERK", "0.9", "0.9", "90", "5", "16", "2.5", "0.5", "e90"),
                          ElementsAre("ERK", "0.95", "0.95", "85", "9", "", "", "", "e95"),
                          ElementsAre("Global", "0.9", "0.9", "92", "6", "10", "4",
                                      "0.6666666666666666", "g90")));
}

}  // namespace
}  // namespace pollard
