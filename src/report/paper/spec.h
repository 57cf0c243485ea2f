// A specification: what a figure or table of the paper shows, of which grids (docs/reproduce.md has
// the format). The rows come from sweeps; a specification only chooses and arranges them.
//
//   kind = "figure"
//   title = "..."
//   grids = ["allocations-resnet56"]     sweep files in the profile's folder, without .toml
//   x = "sparsity"                       keys above the first [[panel]] count for all panels
//   y = "top1"
//   lines_by = ["prune.allocation"]
//   [[panel]]
//   title = "{model}, FT"
//   where.retrain.schedule = "ft"
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// Settings and the values that fit, as settings write them: every key, any of its values. A row
/// without the key fits the value "".
using RowFilter = std::map<std::string, std::vector<std::string>>;

/// Rows under one name: a line of a panel, a row of a table.
struct SpecLine {
  std::string name;  // {key} as in titles
  std::string grid;  // "": the panel's
  RowFilter where = {};
};

/// A level: the best mean among the rows that agree with the panel in the keys of `match`.
struct SpecBaseline {
  SpecLine line;
  std::string measure;             // "": the panel's y
  std::vector<std::string> match;  // none given: what the panel was split by
};

enum class SpecForm {
  Curve,    // a spot a configuration, mean over seeds
  Maximum,  // the highest mean among configurations that cost at most x
  Bins,     // a spot for each half percent of sparsity: its configuration of the best `select`
};

struct SpecPanel {
  std::string title;  // {key} stands for a setting's value
  std::string grid;
  RowFilter where = {};
  std::string x, y;  // measures (measures.h)
  SpecForm form = SpecForm::Curve;
  std::string select = "top1";         // a measure, for bins
  std::vector<std::string> panels_by;  // one panel for each value of these
  std::vector<std::string> lines_by;   // one line for each value of these ...
  std::vector<SpecLine> lines = {};    // ... or these lines
  std::vector<SpecBaseline> baselines = {};
  std::optional<double> from_x, to_x;   // in the axis' unit: spots outside are left out
  std::optional<double> low_y, high_y;  // of the axis
  bool log_x = false;
};

/// A published number to hold ours against.
struct Published {
  std::string what;                // "LC, CVPR 2018"
  std::string network;             // "ResNet-56, CIFAR-10"
  std::string setting;             // "iterative, 30 epochs a cycle"
  std::optional<double> sparsity;  // a fraction; given as sparsity or as density
  double top1 = 0;                 // percent
  std::string source;
};

enum class SpecKind { Figure, Table, HeatMap, Speed };

/// What the columns of a table are.
enum class TableLayout {
  Goals,     // goal sparsities: accuracy, theoretical speedup, actual sparsity of the best
  Settings,  // settings of each line's configurations
  Facts,     // words that the specification states itself
};

struct SpecTable {
  TableLayout layout = TableLayout::Goals;
  SpecPanel rows;                                    // grid, where, lines; no axes
  std::vector<double> goals = {};                    // fractions
  double tolerance = 0.0025;                         // of the mean sparsity over seeds
  std::size_t bold = 2;                              // best accuracies of a column
  bool time_factor = true;                           // behind a row's name
  std::vector<std::string> headers = {};             // of facts and settings
  std::vector<std::string> keys = {};                // of settings
  std::vector<std::vector<std::string>> facts = {};  // a row each
  std::vector<Published> published = {};
};

struct Spec {
  std::string id;  // the file's name: "fig4"
  SpecKind kind = SpecKind::Figure;
  std::string title = {}, caption = {};  // {key} as in panels, of the rows of the first
  std::vector<std::string> grids = {};
  std::vector<std::string> notes = {};
  std::vector<std::string> print = {};  // settings whose values the notes tell, a line a grid
  std::vector<SpecPanel> panels = {};   // of a figure; of the others one, without axes
  std::size_t columns = 0;              // panels in a row; 0: the values of the last of panels_by
  SpecTable table = {};
};

/// Throws Error{Config} naming file, line, key, what was expected and the nearest valid key;
/// Error{Io} where the file cannot be read. `settings`: keys that rows may have; "sweep.variant" is
/// always one. Where none are given, keys of settings are not checked.
[[nodiscard]] Spec read_spec(const std::filesystem::path& path,
                             std::span<const std::string> settings = {});

/// PAPER/PROFILE/ID.toml where the profile has one of its own, else PAPER/ID.toml.
[[nodiscard]] std::filesystem::path spec_file(const std::filesystem::path& paper,
                                              std::string_view profile, std::string_view id);
/// "fig1" to "fig15", "table1" to "table5", "budget", "density" and "speed": all that have a file
/// in PAPER.
[[nodiscard]] std::vector<std::string> spec_ids(const std::filesystem::path& paper);

}  // namespace pollard
