// Tables of finished configurations: in groups over seeds, one by one, or two values of a setting
// beside each other.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "report/contrast.h"
#include "report/groups.h"
#include "report/table.h"

namespace pollard {

struct ResultsAnswer {
  std::string summary;    // one line: how many there are
  TextTable table;        // settings that vary, "mean ± std (n)"
  TextTable values;       // the same for CSV: plain numbers, a column each
  nlohmann::json object;  // complete settings
};

struct ResultsLayout {
  std::vector<std::string> measures;
  std::vector<std::string> by;  // keys to group by; none: all but the ignored ones
  std::string sort;             // a measure, the best first; "": by settings
};

/// Of at least one row. `ignored`: the seed, and keys that cannot change results.
[[nodiscard]] ResultsAnswer grouped_results(std::span<const ResultRow> rows,
                                            const ResultsLayout& layout, const KeySet& ignored);
[[nodiscard]] ResultsAnswer single_results(std::span<const ResultRow> rows,
                                           const ResultsLayout& layout, const KeySet& ignored);
/// Throws as contrast_results() does.
[[nodiscard]] ResultsAnswer compared_results(std::span<const ResultRow> rows,
                                             const Contrast& contrast, const std::string& measure,
                                             const KeySet& ignored);

}  // namespace pollard
