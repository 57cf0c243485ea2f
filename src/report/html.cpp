#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "report/curves.h"
#include "report/html_parts.h"
#include "report/stages.h"
#include "report/svg.h"
#include "report/table.h"
#include "report/values.h"

namespace pollard {
namespace {

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
  std::string html = html_card("dense top-1", with_unit(fixed(dense, 2), " %"), "test");
  if (last == nullptr || (first != stages.end() && last == &*first)) return html;
  const std::string change =
      dense ? fmt::format("{}, {:+.2f} points", last->title, *final - *dense) : last->title;
  return html + html_card("final top-1", with_unit(fixed(final, 2), " %"), change);
}

std::string cards(const nlohmann::json& result) {
  const std::vector<StageView> stages = view_stages(result);
  const StageView* sparse = last_with(stages, {"sparsity", "prunable"});
  const StageView* fast = last_with(stages, {"theoretical_speedup"});
  const auto kept = number_of(sparse, {"sparsity", "kept"});
  const auto of = number_of(sparse, {"sparsity", "of"});
  std::string html = "<div class=\"cards\">\n" + accuracy_cards(stages);
  html +=
      html_card("sparsity", with_unit(percent(number_of(sparse, {"sparsity", "prunable"})), " %"),
                kept && of ? fmt::format("kept {} of {} weights", grouped(kept), grouped(of)) : "");
  html += html_card("theoretical speedup", times(number_of(fast, {"theoretical_speedup"})),
                    "from multiply-adds, not measured");
  html += html_card("time ratio", times(find_number(result, {"time_ratio"})),
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

std::string environment_section(const nlohmann::json& environment) {
  if (!environment.is_object() || environment.empty()) return {};
  return "<h2>Environment</h2>\n" + html_pairs(environment);
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
  std::string html = html_head(model.empty() ? "Pollard" : "Pollard: " + model);
  html += "<body>\n<main>\n";
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
