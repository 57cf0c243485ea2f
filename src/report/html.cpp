#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "report/curves.h"
#include "report/stages.h"
#include "report/svg.h"
#include "report/table.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--text:#1c2024;--soft:#5c6670;--edge:#dfe3e6}
@media (prefers-color-scheme:dark){
:root{--page:#14171a;--card:#1c2024;--text:#e8eaec;--soft:#a0aab2;--edge:#343a40}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);line-height:1.5;
font:15px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:860px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0}
h2{font-size:18px;margin:40px 0 12px}
.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:24px}
.card{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}
.card small{display:block;font-size:12px;color:var(--soft)}
figure{margin:0 0 16px;padding:14px;background:var(--card);border:1px solid var(--edge);
border-radius:8px;overflow-x:auto}
figure svg{display:block;width:100%;height:auto;min-width:560px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--edge);text-align:right;vertical-align:top}
th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{text-align:left}
.pairs td{text-align:left;overflow-wrap:anywhere}
.pairs td:first-child{color:var(--soft);white-space:nowrap}
pre{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:14px;
overflow-x:auto;font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;margin:0}
</style>
)";

std::string card(std::string_view label, std::string_view value, std::string_view detail) {
  return fmt::format("<div class=\"card\"><small>{}</small><b>{}</b><small>{}</small></div>\n",
                     escape(label), escape(value), escape(detail));
}

std::string with_unit(std::string number, std::string_view unit) {
  return number == kDash ? number : number + std::string(unit);
}

/// The last stage that has a number under `keys`.
const StageView* last_with(const std::vector<StageView>& stages, Keys keys) {
  const auto found = std::find_if(stages.rbegin(), stages.rend(), [&](const StageView& stage) {
    return find_number(*stage.json, keys).has_value();
  });
  return found == stages.rend() ? nullptr : &*found;
}

std::optional<double> number_of(const StageView* stage, Keys keys) {
  return stage == nullptr ? std::nullopt : find_number(*stage->json, keys);
}

std::string accuracy_cards(const std::vector<StageView>& stages) {
  const auto first = std::ranges::find(stages, "train", &StageView::kind);
  const auto dense = number_of(first == stages.end() ? nullptr : &*first, {"test", "top1"});
  const StageView* last = last_with(stages, {"test", "top1"});
  const auto final = number_of(last, {"test", "top1"});
  std::string html = card("dense top-1", with_unit(fixed(dense, 2), " %"), "test");
  if (last == nullptr || (first != stages.end() && last == &*first)) return html;
  const std::string change =
      dense ? fmt::format("{}, {:+.2f} points", last->title, *final - *dense) : last->title;
  return html + card("final top-1", with_unit(fixed(final, 2), " %"), change);
}

std::string cards(const nlohmann::json& result) {
  const std::vector<StageView> stages = view_stages(result);
  const StageView* sparse = last_with(stages, {"sparsity", "prunable"});
  const StageView* fast = last_with(stages, {"theoretical_speedup"});
  const auto kept = number_of(sparse, {"sparsity", "kept"});
  const auto of = number_of(sparse, {"sparsity", "of"});
  std::string html = "<div class=\"cards\">\n" + accuracy_cards(stages);
  html += card("sparsity", with_unit(percent(number_of(sparse, {"sparsity", "prunable"})), " %"),
               kept && of ? fmt::format("kept {} of {} weights", grouped(kept), grouped(of)) : "");
  html += card("theoretical speedup", times(number_of(fast, {"theoretical_speedup"})),
               "from multiply-adds, not measured");
  html += card("time ratio", times(find_number(result, {"time_ratio"})),
               "all stages over dense training");
  return html + "</div>\n";
}

std::string heading(const nlohmann::json& result) {
  const std::string model = find_text(result, {"model"}), dataset = find_text(result, {"dataset"});
  std::string title = model.empty() ? "a run" : model;
  if (!dataset.empty()) title += " on " + dataset;
  const std::string status = find_text(result, {"status"});
  std::string html =
      fmt::format("<h1>{}</h1>\n<p class=\"soft\">status {}, seed {}</p>\n", escape(title),
                  status.empty() ? kDash : escape(status), shortest(find_number(result, {"seed"})));
  return html;
}

std::string html_table(const TextTable& table) {
  std::string html = "<div class=\"wide\"><table>\n<thead><tr>";
  for (const Column& column : table.columns) {
    html += fmt::format("<th scope=\"col\">{}</th>", escape(column.header));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += fmt::format("<td>{}</td>", escape(cell));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string value_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return std::string(kDash);
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Nested objects become dotted names.
void add_pairs(std::string& html, const std::string& prefix, const nlohmann::json& object) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && !value.empty()) {
      add_pairs(html, prefix + key + ".", value);
      continue;
    }
    html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape(prefix + key),
                        escape(value_text(value)));
  }
}

std::string environment_section(const nlohmann::json& environment) {
  if (!environment.is_object() || environment.empty()) return {};
  std::string html = "<h2>Environment</h2>\n<div class=\"wide\"><table class=\"pairs\"><tbody>\n";
  add_pairs(html, "", environment);
  return html + "</tbody></table></div>\n";
}

std::string curves_section(const nlohmann::json& result, std::span<const nlohmann::json> metrics) {
  std::string html;
  for (const LineChart& chart : training_charts(result, metrics)) {
    html += "<figure>\n" + line_chart(chart) + "</figure>\n";
  }
  return html.empty() ? html : "<h2>Curves</h2>\n" + html;
}

std::string layers_section(const nlohmann::json& result) {
  const auto chart = layer_chart(result);
  if (!chart) return {};
  return "<h2>Layers</h2>\n<figure>\n" + bar_chart(*chart) + "</figure>\n";
}

}  // namespace

std::string render_report(const nlohmann::json& result, std::span<const nlohmann::json> metrics,
                          const std::string& config_toml, const nlohmann::json& environment) {
  const std::string model = find_text(result, {"model"});
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>{}</title>\n{}</head>\n<body>\n<main>\n",
      escape(model.empty() ? "Pollard" : "Pollard: " + model), kStyle);
  html += heading(result) + cards(result);
  html += "<h2>Stages</h2>\n" + html_table(stage_table(result));
  html += curves_section(result, metrics);
  html += layers_section(result);
  if (!config_toml.empty()) {
    html += "<h2>Configuration</h2>\n<pre>" + escape(config_toml) + "</pre>\n";
  }
  html += environment_section(environment);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace pollard
