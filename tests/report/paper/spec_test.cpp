#include "report/paper/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::TemporaryFolder;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Spec spec_of(const std::string& text, const std::vector<std::string>& settings = {}) {
  const TemporaryFolder folder;
  write_file(folder / "fig4.toml", text);
  return read_spec(folder / "fig4.toml", settings);
}

const std::string kFigure = R"(kind = "figure"
title = "T"
grids = ["a", "b"]
x = "sparsity"
y = "top1"
where.prune.allocation = ["global", "erk"]
where.data.name = "cifar10"
lines_by = ["prune.allocation"]
[[panel]]
title = "{network}"
where.prune.cycles = 3
where.prune.sparsity = [0.90, 0.95]
[[panel]]
grid = "b"
x = "theoretical_speedup"
log_x = true
form = "bins"
select = "pruned_top1"
from_x = 88
low_y = 50
panels_by = ["prune.sparsity"]
[[panel.line]]
name = "IMP"
grid = "a"
where.sweep.variant = "IMP"
[[panel.baseline]]
name = "dense"
measure = "dense_top1"
)";

TEST(ReadSpec, GivesPanelsWhatStandsAboveThem) {
  const Spec spec = spec_of(kFigure);
  EXPECT_EQ(spec.id, "fig4");
  EXPECT_EQ(spec.kind, SpecKind::Figure);
  ASSERT_EQ(spec.panels.size(), 2u);
  const SpecPanel& panel = spec.panels[0];
  EXPECT_EQ(panel.grid, "a");
  EXPECT_EQ(panel.x, "sparsity");
  EXPECT_EQ(panel.form, SpecForm::Curve);
  EXPECT_THAT(panel.lines_by, ElementsAre("prune.allocation"));
  EXPECT_THAT(panel.where,
              UnorderedElementsAre(Pair("prune.allocation", ElementsAre("global", "erk")),
                                   Pair("data", ElementsAre("cifar10")),
                                   Pair("prune.cycles", ElementsAre("3")),
                                   Pair("prune.sparsity", ElementsAre("0.9", "0.95"))));
}

TEST(ReadSpec, LetsPanelsSayOtherwise) {
  const SpecPanel panel = spec_of(kFigure).panels.at(1);
  EXPECT_EQ(panel.grid, "b");
  EXPECT_EQ(panel.x, "theoretical_speedup");
  EXPECT_EQ(panel.y, "top1");
  EXPECT_EQ(panel.form, SpecForm::Bins);
  EXPECT_EQ(panel.select, "pruned_top1");
  EXPECT_TRUE(panel.log_x);
  EXPECT_EQ(panel.from_x, 88);
  EXPECT_EQ(panel.low_y, 50);
  EXPECT_THAT(panel.lines_by, IsEmpty());
  ASSERT_EQ(panel.lines.size(), 1u);
  EXPECT_EQ(panel.lines[0].grid, "a");
  EXPECT_THAT(panel.lines[0].where, ElementsAre(Pair("sweep.variant", ElementsAre("IMP"))));
  ASSERT_EQ(panel.baselines.size(), 1u);
  EXPECT_EQ(panel.baselines[0].measure, "dense_top1");
  EXPECT_THAT(panel.baselines[0].match, ElementsAre("prune.sparsity"));
}

TEST(ReadSpec, ReadsTables) {
  const Spec spec = spec_of(R"(kind = "table"
title = "T"
grids = ["m"]
goals = [0.9, 0.98]
tolerance = 0.00125
bold = 1
lines_by = ["sweep.variant"]
[[published]]
what = "LC"
network = "ResNet-56"
density = 0.1
top1 = 93.33
source = "its paper"
)");
  EXPECT_EQ(spec.kind, SpecKind::Table);
  EXPECT_EQ(spec.table.layout, TableLayout::Goals);
  EXPECT_THAT(spec.table.goals, ElementsAre(0.9, 0.98));
  EXPECT_EQ(spec.table.tolerance, 0.00125);
  EXPECT_EQ(spec.table.bold, 1u);
  ASSERT_EQ(spec.table.published.size(), 1u);
  EXPECT_NEAR(*spec.table.published[0].sparsity, 0.9, 1e-12);
}

struct Wrong {
  std::string from, to;    // in kFigure
  std::string what, hint;  // parts of the error
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.what; }

class ReadSpecErrors : public ::testing::TestWithParam<Wrong> {};

TEST_P(ReadSpecErrors, NameFileLineKeyAndWhatWasExpected) {
  const auto& [from, to, what, hint] = GetParam();
  std::string text = kFigure;
  ASSERT_NE(text.find(from), std::string::npos);
  text.replace(text.find(from), from.size(), to);
  const std::vector<std::string> settings = {"data", "prune.allocation", "prune.cycles",
                                             "prune.sparsity"};
  const Error error = thrown_by([&] { (void)spec_of(text, settings); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("fig4.toml, line "));
  EXPECT_THAT(error.what(), HasSubstr(what));
  EXPECT_THAT(error.hint(), HasSubstr(hint));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ReadSpecErrors,
    ::testing::Values(
        Wrong{"kind = \"figure\"", "kind = \"figur\"", "line 1: 'kind' is 'figur'", "'figure'"},
        Wrong{"kind = \"figure\"", "", "'kind' is missing", "\"table\""},
        Wrong{"title = \"T\"", "", "'title' is missing", "text"},
        Wrong{"title = \"T\"", "title = 3", "line 2: 'title' is 3", "text in double quotes"},
        Wrong{"title = \"T\"", "title = \"T\"\ntitel = 3", "line 3: unknown key 'titel'",
              "'title'"},
        Wrong{"grids = [\"a\", \"b\"]", "grids = \"a\"", "'grids' is", "list of texts"},
        Wrong{"grid = \"b\"", "grid = \"c\"", "'panel.grid' is 'c', which is no name in 'grids'",
              "a, b"},
        Wrong{"x = \"sparsity\"", "x = \"sparsty\"", "'x' is 'sparsty', which is no measure",
              "'sparsity'"},
        Wrong{"x = \"sparsity\"\ny = \"top1\"", "x = \"sparsity\"", "a panel has no 'y'",
              "y = \"top1\""},
        Wrong{"form = \"bins\"", "form = \"bin\"", "'panel.form' is 'bin'", "'bins'"},
        Wrong{"log_x = true", "logx = true", "unknown key 'panel.logx'", "'log_x'"},
        Wrong{"log_x = true", "log_x = 1", "'panel.log_x' is 1", "true or false"},
        Wrong{"from_x = 88", "from_x = \"88\"", "'panel.from_x' is", "a number"},
        Wrong{"where.prune.cycles = 3", "where.prune.cycels = 3",
              "'panel.where' is 'prune.cycels', which is no setting", "'prune.cycles'"},
        Wrong{"where.prune.cycles = 3\nwhere.prune.sparsity = [0.90, 0.95]", "where = 3",
              "'panel.where' is 3", "settings and their"},
        Wrong{"panels_by = [\"prune.sparsity\"]", "panels_by = [\"sparsity\"]",
              "'panel.panels_by' is 'sparsity', which is no setting", "'prune.sparsity'"},
        Wrong{"name = \"IMP\"", "", "'panel.line.name' is missing", "text"},
        Wrong{"name = \"IMP\"", "name = \"IMP\"\nwher.a = 1", "unknown key 'panel.line.wher'",
              "'where'"},
        Wrong{"measure = \"dense_top1\"", "measure = \"dens_top1\"",
              "'panel.baseline.measure' is 'dens_top1'", "'dense_top1'"},
        Wrong{"lines_by = [\"prune.allocation\"]", "", "expected either 'lines_by' or [[line]]",
              "lines_by = "}));

TEST(ReadSpec, RefusesTablesThatDoNotFit) {
  const std::string head = "kind = \"table\"\ntitle = \"T\"\n";
  const auto hint = [&](const std::string& rest) {
    return thrown_by([&] { (void)spec_of(head + rest); }).hint();
  };
  EXPECT_THAT(hint("grids = [\"m\"]\nlines_by = [\"model\"]"), HasSubstr("goals = [0.9"));
  EXPECT_THAT(hint("grids = [\"m\"]\nlines_by = [\"model\"]\ngoals = [90]"), HasSubstr("[0, 1]"));
  EXPECT_THAT(hint("goals = [0.9]\nlines_by = [\"model\"]"), HasSubstr("sweep files"));
  EXPECT_THAT(hint("layout = \"facts\"\nheaders = [\"a\"]\nfacts = [[\"x\", \"y\"]]"),
              HasSubstr("as many texts"));
  EXPECT_THAT(
      hint("layout = \"settings\"\ngrids = [\"m\"]\nlines_by = [\"model\"]\nkeys = [\"a\"]"),
      HasSubstr("a header for each"));
  EXPECT_THAT(
      hint("layout = \"facts\"\nheaders = [\"a\"]\nfacts = [[\"x\"]]\n[[published]]\nwhat = "
           "\"x\"\nnetwork = \"n\"\nsource = \"s\""),
      HasSubstr("percent"));
}

TEST(SpecFile, IsTheProfilesOwnWhereItHasOne) {
  const TemporaryFolder folder;
  write_file(folder / "fig1.toml", "");
  make_writable_folder(folder / "quick");
  EXPECT_EQ(spec_file(folder.path(), "quick", "fig1"), folder / "fig1.toml");
  write_file(folder / "quick/fig1.toml", "");
  EXPECT_EQ(spec_file(folder.path(), "quick", "fig1"), folder / "quick/fig1.toml");
  EXPECT_EQ(spec_file(folder.path(), "paper", "fig1"), folder / "fig1.toml");
  EXPECT_THAT(spec_ids(folder.path()), ElementsAre("fig1"));
}

}  // namespace
}  // namespace pollard
