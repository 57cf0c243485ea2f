// What of many runs the page shows, and in which order: groups over seeds, the settings that tell
// them apart, measures, lines of the plot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/groups.h"
#include "report/page/page_source.h"

namespace pollard {

struct PageView {
  const PageSource* source = nullptr;
  std::vector<ResultGroup> groups;    // point into the source's rows
  std::vector<std::string> keys;      // of settings that vary: the sweep's axes first
  Settings fixed;                     // those that do not, where they are there
  std::vector<std::string> measures;  // columns, those that any group has
  std::string colour;                 // the key by which lines are coloured at first; "": none
  std::string x;                      // the measure that the plot is over at first
};

/// `ignored`: the seed, and keys that cannot change results. The source outlives it.
[[nodiscard]] PageView view_page(const PageSource& source, const KeySet& ignored);

/// Keys whose values move a point along a line over `measure`: not what tells lines apart.
[[nodiscard]] std::vector<std::string> driving_keys(const std::string& measure);
/// Of the last pruning; null where nothing was pruned or its layers are not told.
[[nodiscard]] const nlohmann::json* layers_of(const PageSource& source, const std::string& row);

}  // namespace pollard
