// Finished configurations that differ in their seed alone, as one: the rows of tables and the
// points of figures.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/configuration.h"
#include "report/statistics.h"

namespace pollard {

using KeySet = std::set<std::string, std::less<>>;

struct ResultGroup {
  Settings settings;                        // what its rows were grouped by
  std::vector<const ResultRow*> rows;       // in order of their seeds
  std::map<std::string, Summary> measures;  // over the rows that have it

  /// Null where no row has it.
  [[nodiscard]] const Summary* find(const std::string& measure) const;
};

/// "" where there is no such setting.
[[nodiscard]] const std::string& setting_of(const Settings& settings, const std::string& key);
[[nodiscard]] inline const std::string& setting_of(const ResultRow& row, const std::string& key) {
  return setting_of(row.settings, key);
}
[[nodiscard]] inline const std::string& setting_of(const ResultGroup& group,
                                                   const std::string& key) {
  return setting_of(group.settings, key);
}
/// Nothing where the row does not have it.
[[nodiscard]] std::optional<double> measure_of(const ResultRow& row, const std::string& measure);

/// Groups of equal settings but for those of `ignored`: the seed, and keys that cannot change
/// results. In order of their settings, numbers by size. They point into `rows`.
[[nodiscard]] std::vector<ResultGroup> group_results(std::span<const ResultRow> rows,
                                                     const KeySet& ignored);
/// Groups of equal settings of `keys`, whatever the others are.
[[nodiscard]] std::vector<ResultGroup> group_results_by(std::span<const ResultRow> rows,
                                                        std::span<const std::string> keys);

/// Keys that do not have one value everywhere.
[[nodiscard]] std::vector<std::string> varying_keys(std::span<const Settings* const> settings);

/// The values of a key among the rows that have it, as value_before() orders them.
[[nodiscard]] std::vector<std::string> setting_values(std::span<const ResultRow> rows,
                                                      const std::string& key);

/// The number that the whole of a setting's text is, if it is one.
[[nodiscard]] std::optional<double> setting_number(std::string_view text);
/// Numbers by size, before other texts by their bytes.
[[nodiscard]] bool value_before(std::string_view a, std::string_view b);
/// Key by key, values as value_before() has them.
[[nodiscard]] bool settings_before(const Settings& a, const Settings& b);

/// Which configurations may stand for a goal sparsity: those whose mean sparsity over seeds is this
/// near. Fractions, not percent; the default is the paper's interval of 0.25 points (methods.md
/// 1.2).
struct Goal {
  double sparsity = 0;
  double tolerance = 0.0025;
};
[[nodiscard]] bool meets(const ResultGroup& group, const Goal& goal);

/// The mean first, then the best: of the groups (that meet the goal, if there is one) that with the
/// highest mean of `measure`; the earlier of equal ones; null where none has it.
[[nodiscard]] const ResultGroup* best_group(std::span<const ResultGroup> groups,
                                            const std::string& measure,
                                            const std::optional<Goal>& goal = {});

/// A step of a running maximum: from x on, until the next step, `group` is the best.
struct Step {
  double x = 0, best = 0;
  const ResultGroup* group = nullptr;
};
/// The highest mean of `measure` among groups that take at most x of `cost` (Figs. 1, 3 and 13:
/// "top1" by "retrain_epochs"). Both rise from step to step.
[[nodiscard]] std::vector<Step> running_maxima(std::span<const ResultGroup> groups,
                                               const std::string& cost, const std::string& measure);

}  // namespace pollard
