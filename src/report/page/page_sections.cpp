#include "report/page/page_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/progress_format.h"
#include "report/html_parts.h"
#include "report/measures.h"
#include "report/page/page_cost.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr std::size_t kMostSparsities = 12, kMostFailures = 20;

std::string settings_text(const PageView& view, const ResultGroup& group) {
  std::string text;
  for (const std::string& key : view.keys) {
    const std::string& value = setting_of(group, key);
    if (!value.empty()) text += (text.empty() ? "" : ", ") + key + "=" + value;
  }
  return text;
}

std::string accuracy_card(const PageView& view) {
  const ResultGroup* best = best_group(view.groups, "top1");
  if (best == nullptr) return {};
  const Summary* sparsity = best->find("sparsity");
  return html_card("best top-1", fixed(best->find("top1")->mean, 2) + " %",
                   sparsity == nullptr ? "" : "at " + percent(sparsity->mean) + " % sparsity");
}

/// What is saved of `alone`, in percent.
std::string saving(double spent, double alone) {
  return alone > 0 ? fixed(100 * (1 - spent / alone), 1) + " %" : std::string(kDash);
}

std::string cards(const PageView& view) {
  const PageSource& source = *view.source;
  const PageCost cost = cost_of(source);
  const bool by_epochs = cost.alone_epochs > 0;
  std::string html = "<div class=\"cards\">\n";
  html += html_card("configurations finished",
                    fmt::format("{} of {}", grouped(static_cast<double>(source.rows.size())),
                                grouped(static_cast<double>(source.wanted))),
                    fmt::format("{} over seeds", counted(view.groups.size(), "group")));
  html += html_card("failed", grouped(static_cast<double>(source.failed)),
                    source.failed == 0 ? "none gave up" : "see below");
  html += accuracy_card(view);
  html += html_card("epochs trained", grouped(cost.epochs),
                    grouped(cost.alone_epochs) + " if each ran alone");
  html += html_card("computing time", duration_text(cost.seconds),
                    duration_text(cost.alone_seconds) + " if each ran alone");
  html += html_card(
      "saved by sharing",
      by_epochs ? saving(cost.epochs, cost.alone_epochs) : saving(cost.seconds, cost.alone_seconds),
      by_epochs ? "of epochs" : "of time");
  return html + "</div>\n";
}

/// Groups by their sparsity in tenths of a percent.
std::map<double, std::vector<ResultGroup>> by_sparsity(const PageView& view) {
  std::map<double, std::vector<ResultGroup>> all;
  for (const ResultGroup& group : view.groups) {
    if (const Summary* sparsity = group.find("sparsity"))
      all[std::round(1000 * sparsity->mean) / 1000].push_back(group);
  }
  while (all.size() > kMostSparsities) {  // goals have many, what lands anywhere has one each
    all.erase(
        std::ranges::min_element(all, {}, [](const auto& entry) { return entry.second.size(); }));
  }
  return all;
}

std::string best_table(const PageView& view) {
  TextTable table{
      {{"sparsity %"}, {"best top-1 %"}, {"theoretical speedup"}, {"of"}, {"by", Align::Left}}, {}};
  for (const auto& [sparsity, groups] : by_sparsity(view)) {
    const ResultGroup* best = best_group(groups, "top1");
    if (best == nullptr) continue;
    const Summary* speedup = best->find("theoretical_speedup");
    table.rows.push_back({fixed(100 * sparsity, 1), summary_text("top1", best->find("top1")),
                          speedup == nullptr ? std::string(kDash) : times(speedup->mean),
                          std::to_string(groups.size()), settings_text(view, *best)});
  }
  if (table.rows.empty()) return {};
  return "<h2 id=\"best\">Best at each sparsity</h2>\n" + html_table(table) +
         "<p class=\"soft\">Mean ± standard deviation over seeds (number of runs). Theoretical "
         "speedup: dense multiply-adds over those left; no time was measured.</p>\n";
}

std::string failures(const PageSource& source) {
  if (source.failures.empty()) return {};
  TextTable table{{{"stage", Align::Left}, {"error", Align::Left}, {"hint", Align::Left}}, {}};
  for (const FailedStage& failed : source.failures) {
    if (table.rows.size() == kMostFailures) break;
    table.rows.push_back({failed.id.substr(0, 12), failed.failure.error, failed.failure.hint});
  }
  return "<h2 id=\"failed\">What failed</h2>\n" + html_table(table);
}

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
  std::string text = fmt::format("{} of {} stages, {} of {} epochs, {} running, {} failed", done,
                                 all, now.epochs_done, now.epochs, now.running.size(), failed);
  if (now.seconds_left) text += ", about " + duration_text(*now.seconds_left) + " left";
  if (now.running.empty() && done + failed < all) text += "; nothing runs now";
  return fmt::format(
      "<p><progress max=\"{}\" value=\"{}\" aria-label=\"stages done\"></progress> {}</p>\n",
      std::max<std::int64_t>(all, 1), done, escape(text));
}

std::string overview_section(const PageView& view) {
  return cards(view) + best_table(view) + failures(*view.source);
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
  return html_table(table);
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
