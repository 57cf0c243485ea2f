#include "report/result_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/terminal_text.h"
#include "report/measures.h"
#include "report/values.h"

namespace pollard {
namespace {

using nlohmann::json;

// For people: an empty value and one without effect differ.
std::vector<std::string> cells_of(const Settings& settings, const std::vector<std::string>& keys) {
  std::vector<std::string> cells;
  for (const std::string& key : keys)
    cells.push_back(settings.contains(key) ? without_codes(settings.at(key)) : std::string(kDash));
  return cells;
}

std::vector<Column> columns_of(const std::vector<std::string>& keys) {
  std::vector<Column> columns;
  for (const std::string& key : keys) columns.push_back({key, Align::Left});
  return columns;
}

json number_or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

json summary_json(const Summary& summary) {
  return {{"n", summary.n},
          {"mean", summary.mean},
          {"std", number_or_null(summary.std)},
          {"min", summary.min},
          {"max", summary.max}};
}

// Those without the measure last, whatever is best.
template <typename Item, typename Find>
void sort_by(std::vector<Item>& items, const std::string& measure, const Find& find) {
  if (measure.empty()) return;
  const double sign = is_better_low(measure) ? 1 : -1;
  std::ranges::stable_sort(items, [&](const Item& a, const Item& b) {
    const std::optional<double> x = find(a), y = find(b);
    if (!x || !y) return x.has_value() && !y.has_value();
    return sign * *x < sign * *y;
  });
}

void add_group(ResultsAnswer& answer, const ResultGroup& group,
               const std::vector<std::string>& keys, const std::vector<std::string>& measures) {
  std::vector<std::string> cells = cells_of(group.settings, keys), values;
  for (const std::string& key : keys) values.push_back(setting_of(group.settings, key));
  values.push_back(std::to_string(group.rows.size()));
  json object{{"settings", group.settings}, {"n", group.rows.size()}};
  for (const ResultRow* row : group.rows) object["ids"].push_back(row->id);
  for (const std::string& measure : measures) {
    const Summary* summary = group.find(measure);
    cells.push_back(summary_text(measure, summary));
    if (summary == nullptr) {
      values.insert(values.end(), 4, "");
      continue;
    }
    values.insert(values.end(), {plain(summary->mean), plain(summary->std), plain(summary->min),
                                 plain(summary->max)});
    object["measures"][measure] = summary_json(*summary);
  }
  answer.table.rows.push_back(std::move(cells));
  answer.values.rows.push_back(std::move(values));
  answer.object["groups"].push_back(std::move(object));
}

void add_pairs(ResultsAnswer& answer, const PairedGroup& group,
               const std::vector<std::string>& keys, const std::string& measure) {
  const auto& [difference, interval, p] = group.difference;
  std::vector<std::string> cells = cells_of(group.settings, keys), values;
  for (const std::string& key : keys) values.push_back(setting_of(group.settings, key));
  cells.insert(cells.end(),
               {std::to_string(difference.n), measure_text(measure, group.mean_a),
                measure_text(measure, group.mean_b), measure_text(measure, difference.mean),
                interval ? fmt::format("{} to {}", measure_text(measure, interval->low),
                                       measure_text(measure, interval->high))
                         : std::string(kDash),
                p ? fmt::format("{:.3g}", *p) : std::string(kDash)});
  values.insert(values.end(), {std::to_string(difference.n), plain(group.mean_a),
                               plain(group.mean_b), plain(difference.mean), plain(difference.std),
                               interval ? plain(interval->low) : "",
                               interval ? plain(interval->high) : "", plain(p)});
  json object{{"settings", group.settings},
              {"difference", summary_json(difference)},
              {"interval", interval ? json{interval->low, interval->high} : json()},
              {"p", number_or_null(p)}};
  for (const RunPair& pair : group.pairs)
    object["pairs"].push_back({{"seed", pair.seed}, {"a", pair.a}, {"b", pair.b}});
  answer.table.rows.push_back(std::move(cells));
  answer.values.rows.push_back(std::move(values));
  answer.object["comparisons"].push_back(std::move(object));
}

}  // namespace

ResultsAnswer grouped_results(std::span<const ResultRow> rows, const ResultsLayout& layout,
                              const KeySet& ignored) {
  std::vector<ResultGroup> groups =
      layout.by.empty() ? group_results(rows, ignored) : group_results_by(rows, layout.by);
  sort_by(groups, layout.sort, [&](const ResultGroup& group) {
    const Summary* summary = group.find(layout.sort);
    return summary == nullptr ? std::optional<double>() : summary->mean;
  });
  std::vector<const Settings*> settings;
  for (const ResultGroup& group : groups) settings.push_back(&group.settings);
  const std::vector<std::string> keys = layout.by.empty() ? varying_keys(settings) : layout.by;

  ResultsAnswer answer{
      .summary = fmt::format("{} in {}", counted(rows.size(), "finished configuration"),
                             counted(groups.size(), "group")),
      .table = {columns_of(keys), {}},
      .values = {columns_of(keys), {}},
      .object = {{"format", 1}}};
  answer.values.columns.push_back({"n"});
  for (const std::string& measure : layout.measures) {
    answer.table.columns.push_back({measure_header(measure)});
    for (const char* part : {"", "_std", "_min", "_max"})
      answer.values.columns.push_back({measure + part});
  }
  for (const ResultGroup& group : groups) add_group(answer, group, keys, layout.measures);
  return answer;
}

ResultsAnswer single_results(std::span<const ResultRow> rows, const ResultsLayout& layout,
                             const KeySet& ignored) {
  std::vector<const ResultRow*> order;
  for (const ResultRow& row : rows) order.push_back(&row);
  std::ranges::stable_sort(order, settings_before,
                           [](const ResultRow* row) -> const Settings& { return row->settings; });
  sort_by(order, layout.sort, [&](const ResultRow* row) { return measure_of(*row, layout.sort); });
  std::vector<const Settings*> settings;
  for (const ResultRow& row : rows) settings.push_back(&row.settings);
  std::vector<std::string> keys = varying_keys(settings);
  std::erase_if(keys, [&](const std::string& key) { return ignored.contains(key); });
  keys.emplace_back("seed");

  ResultsAnswer answer{.summary = counted(rows.size(), "finished configuration"),
                       .table = {columns_of(keys), {}},
                       .values = {columns_of(keys), {}},
                       .object = {{"format", 1}}};
  answer.values.columns.insert(answer.values.columns.begin(), {"id", Align::Left});
  for (const std::string& measure : layout.measures) {
    answer.table.columns.push_back({measure_header(measure)});
    answer.values.columns.push_back({measure});
  }
  for (const ResultRow* row : order) {
    std::vector<std::string> cells = cells_of(row->settings, keys), values{row->id};
    for (const std::string& key : keys) values.push_back(setting_of(row->settings, key));
    for (const std::string& measure : layout.measures) {
      const auto number = measure_of(*row, measure);
      cells.push_back(number ? measure_text(measure, *number) : std::string(kDash));
      values.push_back(plain(number));
    }
    answer.table.rows.push_back(std::move(cells));
    answer.values.rows.push_back(std::move(values));
    answer.object["results"].push_back(
        {{"id", row->id}, {"settings", row->settings}, {"measures", row->measures}});
  }
  return answer;
}

ResultsAnswer compared_results(std::span<const ResultRow> rows, const Contrast& contrast,
                               const std::string& measure, const KeySet& ignored) {
  const std::vector<PairedGroup> groups = contrast_results(rows, contrast, measure, ignored);
  std::vector<const Settings*> settings;
  std::size_t pairs = 0;
  for (const PairedGroup& group : groups) {
    settings.push_back(&group.settings);
    pairs += group.pairs.size();
  }
  const std::vector<std::string> keys = varying_keys(settings);
  ResultsAnswer answer{
      .summary = fmt::format("{} of {}={} minus that of {}={}, over {} of equal seeds",
                             measure_header(measure), contrast.key, contrast.b, contrast.key,
                             contrast.a, counted(pairs, "pair")),
      .table = {columns_of(keys), {}},
      .values = {columns_of(keys), {}},
      .object = {{"format", 1},
                 {"key", contrast.key},
                 {"a", contrast.a},
                 {"b", contrast.b},
                 {"measure", measure}}};
  for (const std::string& header :
       {std::string("n"), contrast.a, contrast.b, std::string("difference"),
        std::string("95 % interval"), std::string("p")})
    answer.table.columns.push_back({header});
  for (const char* header : {"n", "mean_a", "mean_b", "difference", "std", "low", "high", "p"})
    answer.values.columns.push_back({header});
  for (const PairedGroup& group : groups) add_pairs(answer, group, keys, measure);
  return answer;
}

}  // namespace pollard
