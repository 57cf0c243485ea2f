// The first look at many runs: how many there are, what they came to, the best of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/progress_format.h"
#include "report/html_parts.h"
#include "report/measures.h"
#include "report/page/page_cost.h"
#include "report/page/page_sections.h"
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
  std::string html = "<div class=\"cards\">\n";
  html += html_card("configurations finished",
                    fmt::format("{} of {}", grouped(static_cast<double>(source.rows.size())),
                                grouped(static_cast<double>(source.wanted))),
                    fmt::format("in {} over seeds", counted(view.groups.size(), "group")));
  html += html_card("failed", grouped(static_cast<double>(source.failed)),
                    source.failed == 0 ? "none gave up" : "see below");
  html += accuracy_card(view);
  html += html_card("epochs trained", grouped(cost.epochs),
                    grouped(cost.alone_epochs) + " if each ran alone");
  html += html_card("computing time", duration_text(cost.seconds),
                    duration_text(cost.alone_seconds) + " if each ran alone");
  html += html_card("saved by sharing", saving(cost.epochs, cost.alone_epochs),
                    "of epochs; " + saving(cost.seconds, cost.alone_seconds) + " of time");
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

}  // namespace

std::string overview_section(const PageView& view) {
  return cards(view) + best_table(view) + failures(*view.source);
}

}  // namespace pollard
