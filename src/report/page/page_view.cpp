#include "report/page/page_view.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "report/values.h"

namespace pollard {
namespace {

constexpr const char* kMeasures[] = {
    "top1",    "sparsity",    "theoretical_speedup", "retrain_epochs", "epochs",
    "seconds", "pruned_top1", "stability",           "increase",       "time_ratio"};
constexpr const char* kOverThese[] = {"sparsity", "retrain_epochs", "epochs", "seconds"};
constexpr std::size_t kMostColours = 8;

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

/// Whether a setting that moves points over `measure` varies.
bool is_driven(const PageView& view, const std::string& measure) {
  const auto varies = [&](const std::string& key) { return contains(view.keys, key); };
  return contains(view.measures, measure) && std::ranges::any_of(driving_keys(measure), varies);
}

bool moves(const std::string& key) {
  return contains(driving_keys("sparsity"), key) || contains(driving_keys("epochs"), key);
}

std::vector<std::string> keys_of(const PageSource& source, const std::vector<ResultGroup>& groups) {
  std::vector<const Settings*> settings;
  for (const ResultGroup& group : groups) settings.push_back(&group.settings);
  const std::vector<std::string> varying = varying_keys(settings);
  std::vector<std::string> keys;
  for (const std::string& axis : source.axes) {
    if (contains(varying, axis)) keys.push_back(axis);
  }
  for (const std::string& key : varying) {
    if (!contains(keys, key)) keys.push_back(key);
  }
  return keys;
}

/// Without those that have one value wherever they are there, as a setting of one method has, if
/// the others still tell all groups apart.
std::vector<std::string> telling_keys(const std::vector<ResultGroup>& groups,
                                      const std::vector<std::string>& keys) {
  std::vector<std::string> telling;
  for (const std::string& key : keys) {
    KeySet values;
    for (const ResultGroup& group : groups) values.insert(setting_of(group, key));
    values.erase("");
    if (values.size() > 1) telling.push_back(key);
  }
  std::set<std::vector<std::string>> rows;
  for (const ResultGroup& group : groups) {
    std::vector<std::string> row;
    for (const std::string& key : telling) row.push_back(setting_of(group, key));
    rows.insert(std::move(row));
  }
  return rows.size() == groups.size() ? telling : keys;
}

std::size_t values_of(const std::vector<ResultGroup>& groups, const std::string& key) {
  KeySet values;
  for (const ResultGroup& group : groups) values.insert(setting_of(group, key));
  return values.size();
}

/// What people compare most, if it varies and there are colours enough.
std::string colour_of(const PageView& view) {
  const auto fits = [&](const std::string& key) {
    return !moves(key) && contains(view.keys, key) && values_of(view.groups, key) <= kMostColours;
  };
  for (const char* key : {"train.method", "retrain.schedule", "prune.allocation"}) {
    if (fits(key)) return key;
  }
  const auto found = std::ranges::find_if(view.keys, fits);
  return found == view.keys.end() ? std::string() : *found;
}

Settings fixed_settings(const PageView& view) {
  Settings fixed;
  for (const ResultGroup& group : view.groups)
    fixed.insert(group.settings.begin(), group.settings.end());
  for (const std::string& key : view.keys) fixed.erase(key);
  return fixed;
}

}  // namespace

std::vector<std::string> driving_keys(const std::string& measure) {
  if (measure == "sparsity" || measure == "theoretical_speedup")
    return {"prune.sparsity", "method.target_sparsity"};
  return {"retrain.epochs", "prune.cycles", "train.epochs"};
}

const nlohmann::json* layers_of(const PageSource& source, const std::string& row) {
  const auto& chain = source.chains.at(row);
  for (auto id = chain.rbegin(); id != chain.rend(); ++id) {
    const nlohmann::json& layers = find_value(source.stages.at(*id).result, {"layers"});
    if (layers.is_array() && !layers.empty()) return &layers;
  }
  return nullptr;
}

PageView view_page(const PageSource& source, const KeySet& ignored) {
  PageView view{.source = &source,
                .groups = group_results(source.rows, ignored),
                .keys = {},
                .fixed = {},
                .measures = {},
                .colour = {},
                .x = "sparsity"};
  view.keys = telling_keys(view.groups, keys_of(source, view.groups));
  view.fixed = fixed_settings(view);
  for (const char* measure : kMeasures) {
    const auto has = [&](const ResultGroup& group) { return group.find(measure) != nullptr; };
    if (std::ranges::any_of(view.groups, has)) view.measures.emplace_back(measure);
  }
  view.colour = colour_of(view);
  const auto over = std::ranges::find_if(
      kOverThese, [&](const char* measure) { return is_driven(view, measure); });
  if (over != std::end(kOverThese)) view.x = *over;
  // The table and the plot begin with what the sweep's author named first.
  std::ranges::stable_sort(view.groups, [&](const ResultGroup& a, const ResultGroup& b) {
    for (const std::string& key : view.keys) {
      const std::string &x = setting_of(a, key), &y = setting_of(b, key);
      if (x != y) return value_before(x, y);
    }
    return false;
  });
  return view;
}

}  // namespace pollard
