#include "report/paper/condition_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/paper/words.h"
#include "report/values.h"

namespace pollard {
namespace {

std::string mark_note(const ProfileResults& results, Mark mark) {
  const std::string& profile = results.profile;
  switch (mark) {
    case Mark::Reproduced:
      return fmt::format("Reproduced: profile {}, everything finished.", profile);
    case Mark::Incomplete:
      return fmt::format("Incomplete: profile {}, not everything is finished.", profile);
    case Mark::ScaledDown:
      return fmt::format("Scaled down: profile {}, not the paper's networks and lengths.", profile);
    case Mark::Missing:
      return fmt::format("Missing: nothing is finished in profile {}.", profile);
  }
  return "";
}

std::string grid_note(const Spec& spec, const std::string& name, const GridResults* grid) {
  if (grid == nullptr) return name + ": missing, the profile has no such grid.";
  if (grid->rows.empty()) return name + ": missing, nothing is finished.";
  std::string note = name + ": ";
  note += grid->wanted > 0
              ? fmt::format("{} of {}", grid->rows.size(), counted(grid->wanted, "configuration"))
              : counted(grid->rows.size(), "configuration");
  note += ", " + counted(setting_values(grid->rows, "seed").size(), "seed");
  for (const std::string& key : spec.print) {
    std::vector<std::string> values = setting_values(grid->rows, key);
    std::erase_if(values, [](const std::string& value) { return value.empty() || value == "0"; });
    if (!values.empty()) note += fmt::format("; {} {}", key, fmt::join(values, ", "));
  }
  return note + ".";
}

}  // namespace

Mark mark_of(const ProfileResults& results, const std::vector<std::string>& grids) {
  std::vector<Mark> marks;
  for (const std::string& name : grids) {
    const GridResults* grid = results.find(name);
    marks.push_back(grid == nullptr ? Mark::Missing
                                    : mark_of(results.profile, grid->rows.size(), grid->wanted));
  }
  return weakest(marks);
}

std::vector<std::string> condition_notes(const Spec& spec, const ProfileResults& results,
                                         const std::vector<std::string>& grids) {
  std::vector<std::string> notes = {mark_note(results, mark_of(results, grids))};
  for (const std::string& grid : grids) notes.push_back(grid_note(spec, grid, results.find(grid)));
  notes.insert(notes.end(), spec.notes.begin(), spec.notes.end());
  return notes;
}

}  // namespace pollard
