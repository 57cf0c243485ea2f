#include "report/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/nearest.h"
#include "core/parameter_values.h"
#include "pollard/error.h"
#include "report/measures.h"

namespace pollard {
namespace {

constexpr std::size_t kMostValuesNamed = 12;

[[noreturn]] void unknown(std::string_view what, const std::string& name,
                          const std::vector<std::string>& candidates) {
  const std::string meant = nearest(name, candidates);
  throw Error(ErrorCode::Usage, fmt::format("'{}' is no {}", name, what),
              meant.empty() ? fmt::format("there are {}", join(candidates))
                            : fmt::format("did you mean '{}'?", meant));
}

void require_key(const std::string& key, const ResultsKeys& keys, std::span<const ResultRow> rows) {
  if (std::ranges::find(keys.known, key) != keys.known.end()) return;
  for (const ResultRow& row : rows) {  // an older or newer version's
    if (row.settings.contains(key)) return;
  }
  const std::string meant = nearest(key, keys.known);
  throw Error(
      ErrorCode::Usage, fmt::format("'{}' is no setting", key),
      meant.empty() ? "`pollard parameters` lists them" : fmt::format("did you mean '{}'?", meant));
}

std::string named(std::vector<std::string> values) {
  const std::size_t more = values.size() - std::min(values.size(), kMostValuesNamed);
  if (more > 0) values.resize(kMostValuesNamed);
  return join(values) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

std::vector<ResultRow> filtered(std::vector<ResultRow> rows, const ResultsQuestion& question,
                                const ResultsKeys& keys, const std::string& origin) {
  if (rows.empty()) {
    throw Error(ErrorCode::Usage, fmt::format("no configuration in '{}' is finished", origin),
                "`pollard store ls` shows the stages that are");
  }
  std::string before;  // the filters that something fits
  for (const auto& [key, value] : question.filters) {
    require_key(key, keys, rows);
    std::vector<ResultRow> fit;
    for (const ResultRow& row : rows) {
      const auto found = row.settings.find(key);
      if (found != row.settings.end() && found->second == value) fit.push_back(row);
    }
    if (fit.empty()) {
      const std::vector<std::string> values = setting_values(rows, key);
      throw Error(
          ErrorCode::Usage,
          fmt::format("no finished configuration in '{}' has {}{}={}", origin, before, key, value),
          values.empty() ? fmt::format("'{}' has no effect on any of them", key)
                         : fmt::format("there is {}={}", key, named(values)));
    }
    before += fmt::format("{}={} and ", key, value);
    rows = std::move(fit);
  }
  return rows;
}

void require_measures(const std::vector<std::string>& wanted, std::span<const ResultRow> rows) {
  const std::vector<std::string> names = measure_names(rows);
  for (const std::string& measure : wanted) {
    if (std::ranges::find(names, measure) == names.end()) unknown("measure", measure, names);
  }
}

}  // namespace

ResultsAnswer answer_results(std::vector<ResultRow> rows, const ResultsQuestion& question,
                             const ResultsKeys& keys, const std::string& origin) {
  rows = filtered(std::move(rows), question, keys, origin);
  for (const std::string& key : question.by) require_key(key, keys, rows);
  const std::vector<std::string> measures =
      question.measures.empty() ? shown_measures(rows) : question.measures;
  require_measures(measures, rows);
  if (!question.sort.empty()) require_measures({question.sort}, rows);
  KeySet ignored = keys.without_effect;
  ignored.insert("seed");
  if (question.contrast) {
    require_key(question.contrast->key, keys, rows);
    if (measures.empty()) unknown("measure", "top1", {});
    return compared_results(rows, *question.contrast, measures.front(), ignored);
  }
  const ResultsLayout layout{measures, question.by, question.sort};
  return question.seeds ? single_results(rows, layout, ignored)
                        : grouped_results(rows, layout, ignored);
}

}  // namespace pollard
