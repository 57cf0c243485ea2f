#include "report/groups.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace pollard {
namespace {

std::string_view value_in(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? std::string_view() : found->second;
}

void add_measures(ResultGroup& group) {
  std::map<std::string, std::vector<double>> values;
  for (const ResultRow* row : group.rows) {
    for (const auto& [name, value] : row->measures) values[name].push_back(value);
  }
  for (const auto& [name, all] : values) group.measures.emplace(name, summarize(all));
}

template <typename Reduce>
std::vector<ResultGroup> group(std::span<const ResultRow> rows, const Reduce& reduce) {
  std::map<Settings, std::vector<const ResultRow*>> by_settings;
  for (const ResultRow& row : rows) by_settings[reduce(row.settings)].push_back(&row);
  std::vector<ResultGroup> groups;
  for (auto& [settings, members] : by_settings) {
    std::ranges::stable_sort(members, value_before,
                             [](const ResultRow* row) { return value_in(row->settings, "seed"); });
    groups.push_back({settings, std::move(members), {}});
    add_measures(groups.back());
  }
  std::ranges::stable_sort(groups, settings_before, &ResultGroup::settings);
  return groups;
}

}  // namespace

const Summary* ResultGroup::find(const std::string& measure) const {
  const auto found = measures.find(measure);
  return found == measures.end() ? nullptr : &found->second;
}

const std::string& setting_of(const Settings& settings, const std::string& key) {
  static const std::string kNone;
  const auto found = settings.find(key);
  return found == settings.end() ? kNone : found->second;
}

std::optional<double> measure_of(const ResultRow& row, const std::string& measure) {
  const auto found = row.measures.find(measure);
  return found == row.measures.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> setting_values(std::span<const ResultRow> rows, const std::string& key) {
  std::set<std::string> values;
  for (const ResultRow& row : rows) {
    const auto found = row.settings.find(key);
    if (found != row.settings.end()) values.insert(found->second);
  }
  std::vector<std::string> sorted(values.begin(), values.end());
  std::ranges::stable_sort(sorted, value_before);
  return sorted;
}

std::optional<double> setting_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(number)) return {};
  return number;
}

bool value_before(std::string_view a, std::string_view b) {
  const auto x = setting_number(a), y = setting_number(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

bool settings_before(const Settings& a, const Settings& b) {
  return std::ranges::lexicographical_compare(a, b, [](const auto& x, const auto& y) {
    return x.first != y.first ? x.first < y.first : value_before(x.second, y.second);
  });
}

std::vector<ResultGroup> group_results(std::span<const ResultRow> rows, const KeySet& ignored) {
  return group(rows, [&](Settings settings) {
    std::erase_if(settings, [&](const auto& setting) { return ignored.contains(setting.first); });
    return settings;
  });
}

std::vector<ResultGroup> group_results_by(std::span<const ResultRow> rows,
                                          std::span<const std::string> keys) {
  return group(rows, [&](const Settings& settings) {
    Settings kept;
    for (const std::string& key : keys) {
      const auto found = settings.find(key);
      if (found != settings.end()) kept.insert(*found);
    }
    return kept;
  });
}

std::vector<std::string> varying_keys(std::span<const Settings* const> settings) {
  std::map<std::string, std::pair<std::string_view, std::size_t>> seen;  // a value, and how often
  for (const Settings* one : settings) {
    for (const auto& [key, value] : *one) {
      auto& [first, count] = seen.try_emplace(key, value, 0).first->second;
      if (first == value) ++count;
    }
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : seen) {
    if (value.second != settings.size()) keys.push_back(key);
  }
  return keys;
}

bool meets(const ResultGroup& group, const Goal& goal) {
  // Neither 0.9025 nor 0.9 is a binary fraction: what is on the edge is in.
  constexpr double kRounding = 1e-9;
  const Summary* sparsity = group.find("sparsity");
  return sparsity != nullptr &&
         std::abs(sparsity->mean - goal.sparsity) <= goal.tolerance + kRounding;
}

const ResultGroup* best_group(std::span<const ResultGroup> groups, const std::string& measure,
                              const std::optional<Goal>& goal) {
  const ResultGroup* best = nullptr;
  for (const ResultGroup& group : groups) {
    const Summary* value = group.find(measure);
    if (value == nullptr || (goal && !meets(group, *goal))) continue;
    if (best == nullptr || value->mean > best->find(measure)->mean) best = &group;
  }
  return best;
}

std::vector<Step> running_maxima(std::span<const ResultGroup> groups, const std::string& cost,
                                 const std::string& measure) {
  std::vector<Step> points;
  for (const ResultGroup& group : groups) {
    const Summary *x = group.find(cost), *y = group.find(measure);
    if (x != nullptr && y != nullptr) points.push_back({x->mean, y->mean, &group});
  }
  std::ranges::stable_sort(points, [](const Step& a, const Step& b) {
    return a.x != b.x ? a.x < b.x : a.best > b.best;
  });
  std::vector<Step> steps;
  for (const Step& point : points) {
    if (steps.empty() || point.best > steps.back().best) steps.push_back(point);
  }
  return steps;
}

}  // namespace pollard
