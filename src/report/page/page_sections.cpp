#include "report/page/page_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/progress_format.h"
#include "report/html_parts.h"
#include "report/measures.h"
#include "report/page/page_cost.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr std::size_t kLong = 200;  // rows

std::int64_t jobs_in(const SweepProgress& progress, const std::string& state) {
  const auto found = progress.jobs.find(state);
  return found == progress.jobs.end() ? 0 : found->second;
}

}  // namespace

std::string page_subtitle(const PageView& view) {
  const auto fixed_setting = [&](const char* key) {
    const auto found = view.fixed.find(key);
    return found == view.fixed.end() ? std::string() : found->second;
  };
  std::string text = view.source->is_sweep ? "A sweep" : "A store of results";
  const std::string model = fixed_setting("model"), data = fixed_setting("data");
  if (!model.empty()) text += " of " + model;
  if (!data.empty()) text += " on " + data;
  std::string keys;
  for (const std::string& key : view.keys) keys += (keys.empty() ? "" : ", ") + key;
  if (!keys.empty()) text += "; what varies: " + keys;
  return escape(text);
}

std::string progress_section(const PageView& view) {
  if (!view.source->progress) return {};
  const SweepProgress& now = *view.source->progress;
  std::int64_t all = 0;
  for (const auto& [state, count] : now.jobs) all += count;
  const std::int64_t done = jobs_in(now, "done"), failed = jobs_in(now, "failed");
  if (done == all) return fmt::format("<p class=\"soft\">All {} stages are done.</p>\n", all);
  std::string text = fmt::format("{} of {} stages, {} of {} epochs, {} running, {} failed", done,
                                 all, now.epochs_done, now.epochs, now.running.size(), failed);
  if (now.seconds_left) text += ", about " + duration_text(*now.seconds_left) + " left";
  if (now.running.empty() && done + failed < all) text += "; nothing runs now";
  return fmt::format(
      "<p><progress max=\"{}\" value=\"{}\" aria-label=\"stages done\"></progress> {}</p>\n",
      std::max<std::int64_t>(all, 1), done, escape(text));
}

std::string cost_section(const PageView& view) {
  const PageCost cost = cost_of(*view.source);
  TextTable table{{{"stages"}, {"computed"}, {"used"}, {"epochs"}, {"time"}, {"seconds an epoch"}},
                  {}};
  for (const auto& [kind, own] : cost.kinds) {
    table.rows.push_back(
        {kind, grouped(static_cast<double>(own.stages)), grouped(static_cast<double>(own.uses)),
         grouped(own.epochs), duration_text(own.seconds),
         own.epochs > 0 ? fixed(own.seconds / own.epochs, 1) : std::string(kDash)});
  }
  if (table.rows.empty()) return {};
  table.rows.push_back({"all", "", "", grouped(cost.epochs), duration_text(cost.seconds), ""});
  return html_table(table) +
         "<p class=\"soft\">Used: by how many configurations, all in all; a stage that several "
         "share "
         "was computed once. Times are hours:minutes:seconds of all workers added up.</p>\n";
}

std::string results_section(const PageView& view) {
  TextTable table;
  for (const std::string& key : view.keys) table.columns.push_back({key, Align::Left});
  for (const std::string& measure : view.measures)
    table.columns.push_back({measure_header(measure)});
  table.columns.push_back({"n"});
  for (const ResultGroup& group : view.groups) {
    std::vector<std::string> row;
    for (const std::string& key : view.keys) {
      const std::string& value = setting_of(group, key);
      row.push_back(value.empty() ? std::string(kDash) : value);
    }
    for (const std::string& measure : view.measures) {
      const Summary* summary = group.find(measure);
      std::string text =
          summary == nullptr ? std::string(kDash) : measure_text(measure, summary->mean);
      if (summary != nullptr && summary->max > summary->min)
        text += " ± " + measure_text(measure, *summary->std);
      row.push_back(std::move(text));
    }
    row.push_back(std::to_string(group.rows.size()));
    table.rows.push_back(std::move(row));
  }
  // A browser lays out long ones when they come near the screen.
  return view.groups.size() < kLong ? html_table(table)
                                    : "<div class=\"long\">" + html_table(table) + "</div>\n";
}

std::string conditions_section(const PageView& view) {
  std::map<std::string, std::pair<nlohmann::json, std::size_t>> machines;
  std::set<std::string> seen;
  for (const ResultRow& row : view.source->rows) {
    for (const std::string& id : view.source->chains.at(row.id)) {
      if (!seen.insert(id).second) continue;
      const nlohmann::json& own = view.source->stages.at(id).environment;
      auto& entry =
          machines
              .try_emplace(own.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), own,
                           0)
              .first->second;
      ++entry.second;
    }
  }
  std::string html = "<details><summary>Settings that all share</summary>\n" +
                     html_pairs(nlohmann::json(view.fixed)) + "</details>\n";
  for (const auto& [text, machine] : machines) {
    html += fmt::format("<details{}><summary>Where {} ran</summary>\n{}</details>\n",
                        machines.size() == 1 ? " open=\"open\"" : "",
                        counted(machine.second, "stage"), html_pairs(machine.first));
  }
  return html;
}

}  // namespace pollard
