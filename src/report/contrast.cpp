#include "report/contrast.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/parameter_values.h"
#include "pollard/error.h"

namespace pollard {
namespace {

struct Sides {
  const ResultRow *a = nullptr, *b = nullptr;
};
struct SeedBefore {
  bool operator()(const std::string& x, const std::string& y) const { return value_before(x, y); }
};
using BySeed = std::map<std::string, Sides, SeedBefore>;

KeySet keys_of(std::span<const ResultRow* const> rows) {
  KeySet keys;
  for (const ResultRow* row : rows) {
    for (const auto& [key, value] : row->settings) keys.insert(key);
  }
  return keys;
}

const std::string& seed_of(const ResultRow& row) { return setting_of(row, "seed"); }

[[noreturn]] void ambiguous(const ResultRow& one, const ResultRow& other,
                            const std::string& setting, const KeySet& ignored) {
  const Settings* both[] = {&one.settings, &other.settings};
  std::vector<std::string> keys = varying_keys(both);
  std::erase_if(keys, [&](const std::string& key) { return ignored.contains(key); });
  throw Error(ErrorCode::Usage,
              fmt::format("several runs have {} and seed {}: which one is to be compared?", setting,
                          seed_of(one)),
              keys.empty() ? "their settings are the same; their weights may differ"
                           : "choose by " + join(keys, " and "));
}

}  // namespace

std::vector<PairedGroup> contrast_results(std::span<const ResultRow> rows, const Contrast& contrast,
                                          const std::string& measure, const KeySet& ignored,
                                          const Bootstrap& bootstrap) {
  std::vector<const ResultRow*> a, b;
  for (const ResultRow& row : rows) {
    const auto value = row.settings.find(contrast.key);
    if (value == row.settings.end() || !row.measures.contains(measure)) continue;
    if (value->second == contrast.a) a.push_back(&row);
    if (value->second == contrast.b) b.push_back(&row);
  }
  const KeySet of_a = keys_of(a), of_b = keys_of(b);
  const auto rest = [&](const ResultRow& row) {
    Settings settings = row.settings;
    std::erase_if(settings, [&](const auto& setting) {
      const std::string& key = setting.first;
      return key == contrast.key || key == "seed" || ignored.contains(key) || !of_a.contains(key) ||
             !of_b.contains(key);
    });
    return settings;
  };
  std::map<Settings, BySeed> found;
  const auto place = [&](const ResultRow* row, const ResultRow* Sides::*side,
                         const std::string& value) {
    const ResultRow*& mine = found[rest(*row)][seed_of(*row)].*side;
    if (mine != nullptr) ambiguous(*mine, *row, contrast.key + "=" + value, ignored);
    mine = row;
  };
  for (const ResultRow* row : a) place(row, &Sides::a, contrast.a);
  for (const ResultRow* row : b) place(row, &Sides::b, contrast.b);

  std::vector<PairedGroup> groups;
  for (const auto& [settings, seeds] : found) {
    PairedGroup group{.settings = settings};
    std::vector<double> of[2], differences;
    for (const auto& [seed, sides] : seeds) {
      if (sides.a == nullptr || sides.b == nullptr) continue;
      const RunPair pair{seed, sides.a->measures.at(measure), sides.b->measures.at(measure)};
      group.pairs.push_back(pair);
      of[0].push_back(pair.a);
      of[1].push_back(pair.b);
      differences.push_back(pair.b - pair.a);
    }
    if (differences.empty()) continue;
    group.mean_a = summarize(of[0]).mean;
    group.mean_b = summarize(of[1]).mean;
    group.difference = compare_pairs(differences, bootstrap);
    groups.push_back(std::move(group));
  }
  std::ranges::stable_sort(groups, settings_before, &PairedGroup::settings);
  if (!groups.empty()) return groups;
  throw Error(
      ErrorCode::Usage,
      fmt::format("there is no pair to compare: {} runs with {}={} have {}, {} with {}={}, "
                  "and none of them share their seed and all other settings",
                  a.size(), contrast.key, contrast.a, measure, b.size(), contrast.key, contrast.b),
      "`pollard results STORE --seeds` shows what there is");
}

}  // namespace pollard
