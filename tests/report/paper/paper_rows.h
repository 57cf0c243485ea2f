// Profiles with finished configurations made by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/spec.h"
#include "report/result_rows.h"

namespace pollard::test {

/// One grid of a profile, everything of it finished.
inline ProfileResults profile_of(std::vector<ResultRow> rows, const std::string& grid = "g",
                                 const std::string& profile = "paper", std::size_t seeds = 0) {
  ProfileResults results{.profile = profile, .without_effect = {"out"}};
  const std::size_t wanted = rows.size();
  results.grids[grid] = {std::move(rows), wanted, seeds};
  return results;
}

/// A panel of accuracy over sparsity, a line a schedule.
inline SpecPanel schedule_panel() {
  SpecPanel panel;
  panel.title = "{network}";
  panel.grid = "g";
  panel.x = "sparsity";
  panel.y = "top1";
  panel.lines_by = {"retrain.schedule"};
  return panel;
}

/// A line an allocation, and no axes.
inline Spec allocation_spec(const std::string& id, SpecKind kind, const std::string& title) {
  Spec spec{.id = id, .kind = kind, .title = title, .grids = {"g"}};
  SpecPanel panel;
  panel.grid = "g";
  panel.lines_by = {"prune.allocation"};
  spec.panels = {panel};
  return spec;
}

inline Spec figure_of(SpecPanel panel) {
  Spec spec{.id = "fig4", .title = "Title", .caption = "Caption", .grids = {"g"}};
  spec.panels = {std::move(panel)};
  return spec;
}

}  // namespace pollard::test
