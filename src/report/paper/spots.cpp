#include "report/paper/spots.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "report/measures.h"

namespace pollard {
namespace {

std::optional<Spot> spot_of(const ResultGroup& group, const std::string& x_name,
                            const std::string& y_name) {
  const Summary *x = x_name.empty() ? nullptr : group.find(x_name), *y = group.find(y_name);
  if (y == nullptr || (x == nullptr && !x_name.empty())) return {};
  const double scale = measure_scale(y_name);
  Spot spot{.x = x == nullptr ? 0 : measure_scale(x_name) * x->mean,
            .y = scale * y->mean,
            .low = scale * y->min,
            .high = scale * y->max,
            .n = y->n,
            .origin = {}};
  for (const ResultRow* row : group.rows) spot.origin.push_back(row->id);
  return spot;
}

// Of each bin of sparsity the group with the best mean of `select`.
std::vector<const ResultGroup*> best_of_bins(std::span<const ResultGroup> groups,
                                             const std::string& select) {
  constexpr double kRounding = 1e-9;  // 0.8975 / 0.005 is a little less than 179.5
  std::map<long, const ResultGroup*> bins;
  for (const ResultGroup& group : groups) {
    const Summary *sparsity = group.find("sparsity"), *value = group.find(select);
    if (sparsity == nullptr || value == nullptr) continue;
    const ResultGroup*& best =
        bins[std::lround(std::floor(sparsity->mean / kBinWidth + 0.5 + kRounding))];
    const double sign = is_better_low(select) ? -1 : 1;
    if (best == nullptr || sign * value->mean > sign * best->find(select)->mean) best = &group;
  }
  std::vector<const ResultGroup*> found;
  for (const auto& [bin, group] : bins) found.push_back(group);
  return found;
}

std::vector<const ResultGroup*> drawn_groups(std::span<const ResultGroup> groups,
                                             const SpecPanel& panel) {
  if (panel.form == SpecForm::Bins) return best_of_bins(groups, panel.select);
  std::vector<const ResultGroup*> drawn;
  if (panel.form == SpecForm::Maximum) {
    for (const Step& step : running_maxima(groups, panel.x, panel.y)) drawn.push_back(step.group);
  } else {
    for (const ResultGroup& group : groups) drawn.push_back(&group);
  }
  return drawn;
}

}  // namespace

std::vector<Spot> spots_of(std::span<const ResultRow> rows, const SpecPanel& panel,
                           const KeySet& ignored) {
  const std::vector<ResultGroup> groups = group_results(rows, ignored);
  std::vector<Spot> spots;
  for (const ResultGroup* group : drawn_groups(groups, panel)) {
    auto spot = spot_of(*group, panel.x, panel.y);
    if (!spot || (panel.from_x && spot->x < *panel.from_x) || (panel.to_x && spot->x > *panel.to_x))
      continue;
    spots.push_back(*std::move(spot));
  }
  std::ranges::stable_sort(spots, {}, &Spot::x);
  return spots;
}

std::vector<Spot> best_spot(std::span<const ResultRow> rows, const std::string& measure,
                            const KeySet& ignored) {
  const std::vector<ResultGroup> groups = group_results(rows, ignored);
  const ResultGroup* best = best_group(groups, measure);
  std::vector<Spot> spots;
  if (best != nullptr) spots.push_back(*spot_of(*best, "", measure));
  return spots;
}

}  // namespace pollard
