// The specifications in paper/2111.00843 themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>

#include "report/paper/make_figure.h"
#include "report/paper/make_table.h"
#include "report/paper/row_sets.h"
#include "report/paper/spec.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::SizeIs;

const fs::path kPaper = POLLARD_PAPER;

// Out of docs/parameters.md, which another test holds against the declared ones.
std::vector<std::string> setting_keys() {
  std::ifstream file(POLLARD_PARAMETERS);
  const std::regex row("^\\| `([a-z_0-9.]+)` \\|.*");
  std::vector<std::string> keys;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, row)) keys.push_back(match[1]);
  }
  return keys;
}

std::vector<fs::path> spec_files() {
  std::vector<fs::path> files;
  for (const std::string& id : spec_ids(kPaper)) {
    std::set<fs::path> own = {kPaper / (id + ".toml")};
    for (const fs::directory_entry& entry : fs::directory_iterator(kPaper)) {
      if (entry.is_directory()) own.insert(spec_file(kPaper, entry.path().filename().string(), id));
    }
    files.insert(files.end(), own.begin(), own.end());
  }
  return files;
}

std::set<std::string> grids_of(const Spec& spec) {
  std::set<std::string> grids;
  std::vector<SpecPanel> panels = spec.panels;
  panels.push_back(spec.table.rows);
  for (const SpecPanel& panel : panels) {
    for (std::string& grid : grids_of(panel)) grids.insert(std::move(grid));
  }
  grids.erase("");
  return grids;
}

TEST(ShippedSpecs, AreAllThere) {
  EXPECT_THAT(spec_ids(kPaper), SizeIs(15 + 5 + 3));
  EXPECT_THAT(setting_keys(), Contains("prune.allocation"));
}

TEST(ShippedSpecs, CanBeReadAndUseTheGridsThatTheyList) {
  const std::vector<std::string> keys = setting_keys();
  const std::set<std::string> known = {
      "allocations-resnet56", "allocations-wrn", "allocations-resnet50", "allocations-vgg16",
      "budget-resnet56",      "renda-resnet56",  "methods-resnet56",     "methods-wrn",
      "allocations-resnet20", "budget-resnet20"};
  for (const fs::path& file : spec_files()) {
    SCOPED_TRACE(file);
    const Spec spec = read_spec(file, keys);
    EXPECT_FALSE(spec.caption.empty());
    EXPECT_EQ(grids_of(spec), std::set<std::string>(spec.grids.begin(), spec.grids.end()));
    for (const std::string& grid : spec.grids) EXPECT_THAT(known, Contains(grid));
  }
}

TEST(ShippedSpecs, OfNothingAreMissingNotWrong) {
  for (const fs::path& file : spec_files()) {
    SCOPED_TRACE(file);
    const Spec spec = read_spec(file);
    if (spec.kind == SpecKind::Figure) {
      const auto [figure, mark] = make_figure(spec, {.profile = "paper"});
      EXPECT_EQ(mark, Mark::Missing);
      EXPECT_THAT(figure.panels, SizeIs(spec.panels.size()));
    } else if (spec.kind == SpecKind::Table) {
      const PaperTable table = make_table(spec, {.profile = "paper"});
      const bool facts = spec.table.layout == TableLayout::Facts;
      EXPECT_EQ(table.mark, facts ? Mark::Reproduced : Mark::Missing);
      EXPECT_FALSE(to_latex(table).empty());
    }
  }
}

}  // namespace
}  // namespace pollard
