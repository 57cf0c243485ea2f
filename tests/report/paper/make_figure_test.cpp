#include "report/paper/make_figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/paper/paper_rows.h"

namespace pollard {
namespace {

using test::figure_of;
using test::profile_of;
using test::row_of;
using test::sample_rows;
using test::schedule_panel;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> titles(const Figure& figure) {
  std::vector<std::string> found;
  for (const Panel& panel : figure.panels) found.push_back(panel.title);
  return found;
}

std::vector<std::string> names(const Panel& panel) {
  std::vector<std::string> found;
  for (const FigureLine& line : panel.lines) found.push_back(line.name);
  return found;
}

// By hand, from sample_rows(): ft at 0.9 has 91.0, 91.2 and 91.4.
TEST(MakeFigure, DrawsMeansAndBandsInPercent) {
  const auto [figure, mark] = make_figure(figure_of(schedule_panel()), profile_of(sample_rows()));
  EXPECT_EQ(mark, Mark::Reproduced);
  EXPECT_EQ(figure.id, "fig4");
  EXPECT_EQ(figure.description, "Caption");
  ASSERT_EQ(figure.panels.size(), 1u);
  const Panel& panel = figure.panels[0];
  EXPECT_EQ(panel.title, "ResNet-56, –");  // the rows have no "data"
  EXPECT_EQ(panel.x_label, "sparsity of the prunable weights, %");
  EXPECT_EQ(panel.y_label, "test accuracy (top-1), %");
  EXPECT_THAT(names(panel), ElementsAre("FT", "SLR"));
  const std::vector<Spot>& spots = panel.lines[0].spots;
  ASSERT_EQ(spots.size(), 2u);
  EXPECT_NEAR(spots[0].x, 90, 1e-9);
  EXPECT_NEAR(spots[0].y, 91.2, 1e-9);
  EXPECT_EQ(spots[0].low, 91.0);
  EXPECT_EQ(spots[0].high, 91.4);
  EXPECT_EQ(spots[0].n, 3u);
  EXPECT_EQ(spots[0].origin.size(), 3u);
  EXPECT_NEAR(spots[1].x, 95, 1e-9);
  EXPECT_EQ(spots[1].n, 2u);
}

TEST(MakeFigure, OrdersLinesAsTheFilterListsThem) {
  SpecPanel panel = schedule_panel();
  panel.where["retrain.schedule"] = {"slr", "ft"};
  const Figure figure = make_figure(figure_of(panel), profile_of(sample_rows())).figure;
  EXPECT_THAT(names(figure.panels[0]), ElementsAre("SLR", "FT"));
}

TEST(MakeFigure, SplitsPanelsByValues) {
  SpecPanel panel = schedule_panel();
  panel.title = "sparsity {prune.sparsity}, {retrain.schedule}";
  panel.panels_by = {"retrain.schedule", "prune.sparsity"};
  std::vector<ResultRow> rows = sample_rows();
  std::erase_if(rows, [](const ResultRow& row) {  // nothing of slr at 0.9
    return row.settings.at("retrain.schedule") == "slr" &&
           row.settings.at("prune.sparsity") == "0.9";
  });
  const Figure figure = make_figure(figure_of(panel), profile_of(rows)).figure;
  EXPECT_THAT(titles(figure), ElementsAre("sparsity 90 %, FT", "sparsity 95 %, FT",
                                          "sparsity 90 %, SLR (missing)", "sparsity 95 %, SLR"));
  EXPECT_EQ(figure.columns, 2u);
  EXPECT_THAT(figure.panels[2].lines, IsEmpty());
}

// By hand: after 10 epochs 90, after 20 (two cycles) 89, after 30 91: the 20 never lead.
TEST(MakeFigure, DrawsRunningMaximaOfMeans) {
  std::vector<ResultRow> rows;
  for (const auto& [epochs, top1] : {std::pair(10, 90.0), {20, 89.0}, {30, 91.0}}) {
    for (const double shift : {-0.5, 0.5})
      rows.push_back(row_of({{"retrain.schedule", "ft"},
                             {"retrain.epochs", std::to_string(epochs)},
                             {"seed", shift < 0 ? "1" : "2"}},
                            {{"top1", top1 + shift}, {"retrain_epochs", epochs}}));
  }
  SpecPanel panel = schedule_panel();
  panel.x = "retrain_epochs";
  panel.form = SpecForm::Maximum;
  const Figure figure = make_figure(figure_of(panel), profile_of(rows)).figure;
  const FigureLine& line = figure.panels[0].lines.at(0);
  EXPECT_EQ(line.form, LineForm::Steps);
  ASSERT_EQ(line.spots.size(), 2u);
  EXPECT_EQ(line.spots[0].x, 10);
  EXPECT_EQ(line.spots[0].y, 90);
  EXPECT_EQ(line.spots[0].low, 89.5);
  EXPECT_EQ(line.spots[1].x, 30);
}

// By hand: 89.9 and 90.2 % share the bin of 90 %, where the second is better right after pruning,
// though worse in the end; 90.3 % is in the next.
TEST(MakeFigure, DrawsOneSpotABin) {
  const auto row = [](const char* variant, double sparsity, double pruned, double top1) {
    return row_of({{"retrain.schedule", "ft"}, {"sweep.variant", variant}, {"seed", "1"}},
                  {{"sparsity", sparsity}, {"pruned_top1", pruned}, {"top1", top1}});
  };
  const std::vector<ResultRow> rows = {row("a", 0.899, 40, 93), row("b", 0.902, 50, 92),
                                       row("c", 0.903, 30, 91), row("d", 0.5, 90, 94)};
  SpecPanel panel = schedule_panel();
  panel.form = SpecForm::Bins;
  panel.select = "pruned_top1";
  panel.from_x = 88;
  const Figure figure = make_figure(figure_of(panel), profile_of(rows)).figure;
  const std::vector<Spot>& spots = figure.panels[0].lines.at(0).spots;
  ASSERT_EQ(spots.size(), 2u);
  EXPECT_NEAR(spots[0].x, 90.2, 1e-9);
  EXPECT_EQ(spots[0].y, 92);
  EXPECT_EQ(spots[1].y, 91);
}

TEST(MakeFigure, PutsTheEdgeOfABinIntoTheHigherOne) {
  std::vector<ResultRow> rows;
  for (const double sparsity : {0.8975, 0.9, 0.9025})
    rows.push_back(
        row_of({{"retrain.schedule", "ft"}, {"prune.sparsity", std::to_string(sparsity)}},
               {{"sparsity", sparsity}, {"top1", 100 * sparsity}}));
  SpecPanel panel = schedule_panel();
  panel.form = SpecForm::Bins;
  const Figure figure = make_figure(figure_of(panel), profile_of(rows)).figure;
  const std::vector<Spot>& spots = figure.panels[0].lines.at(0).spots;
  ASSERT_EQ(spots.size(), 2u);
  EXPECT_NEAR(spots[0].x, 90, 1e-9);
  EXPECT_NEAR(spots[1].x, 90.25, 1e-9);
}

TEST(MakeFigure, DrawsTheBestOfAnotherGridAsBaseline) {
  SpecPanel panel = schedule_panel();
  panel.panels_by = {"prune.sparsity"};
  SpecBaseline baseline;
  baseline.line = {"iterative, LRW", "renda", {{"retrain.schedule", {"lrw"}}}};
  baseline.match = {"prune.sparsity"};
  panel.baselines = {baseline};
  ProfileResults results = profile_of(sample_rows());
  const auto row = [](const char* sparsity, const char* epochs, double top1) {
    return row_of({{"retrain.schedule", "lrw"},
                   {"prune.sparsity", sparsity},
                   {"retrain.epochs", epochs},
                   {"seed", "1"}},
                  {{"top1", top1}});
  };
  results.grids["renda"].rows = {row("0.90", "10", 91), row("0.90", "30", 93),
                                 row("0.95", "10", 89)};
  const Figure figure = make_figure(figure_of(panel), results).figure;
  ASSERT_EQ(figure.panels.size(), 2u);
  EXPECT_THAT(names(figure.panels[0]), ElementsAre("FT", "SLR", "iterative, LRW"));
  const FigureLine& line = figure.panels[0].lines[2];
  EXPECT_EQ(line.form, LineForm::Baseline);
  ASSERT_EQ(line.spots.size(), 1u);
  EXPECT_EQ(line.spots[0].y, 93);
  EXPECT_EQ(figure.panels[1].lines.at(2).spots.at(0).y, 89);
}

TEST(MakeFigure, SaysWhatIsMissing) {
  SpecPanel panel = schedule_panel(), other = panel;
  panel.title = other.title = "{network}, FT";
  other.grid = "allocations-wrn";
  Spec spec = figure_of(panel);
  spec.title = "Fig. 5: {model}";
  spec.panels.push_back(other);
  spec.notes = {"Said by the file."};
  spec.print = {"prune.sparsity", "prune.cycles"};
  const auto [figure, mark] = make_figure(spec, profile_of(sample_rows()));
  EXPECT_EQ(mark, Mark::Incomplete);
  EXPECT_EQ(figure.title, "Fig. 5: ResNet-56");
  EXPECT_EQ(figure.panels.at(1).title, "allocations-wrn, FT (missing)");
  EXPECT_THAT(figure.notes.front(), HasSubstr("Incomplete: profile paper"));
  EXPECT_THAT(figure.notes, Contains("allocations-wrn: missing, the profile has no such grid."));
  EXPECT_THAT(figure.notes,
              Contains("g: 11 of 11 configurations, 3 seeds; prune.sparsity 0.9, 0.95."));
  EXPECT_THAT(figure.notes, Contains("Means and bands from lowest to highest over up to 3 seeds."));
  EXPECT_THAT(figure.notes, Contains("Said by the file."));
}

TEST(MakeFigure, OfNothingIsMissing) {
  const auto [figure, mark] = make_figure(figure_of(schedule_panel()), {.profile = "quick"});
  EXPECT_EQ(mark, Mark::Missing);
  EXPECT_EQ(titles(figure), std::vector<std::string>{"g (missing)"});
  EXPECT_THAT(figure.notes.front(), HasSubstr("Missing"));
}

TEST(MakeFigure, OfAnotherProfileIsScaledDown) {
  const auto [figure, mark] =
      make_figure(figure_of(schedule_panel()), profile_of(sample_rows(), "g", "quick"));
  EXPECT_EQ(mark, Mark::ScaledDown);
  EXPECT_THAT(figure.notes.front(), HasSubstr("Scaled down: profile quick"));
}

}  // namespace
}  // namespace pollard
