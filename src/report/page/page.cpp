#include "report/page/page.h"

#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/page/page_data.h"
#include "report/page/page_files.h"
#include "report/page/page_plot.h"
#include "report/page/page_sections.h"
#include "report/values.h"

namespace pollard {
namespace {

// A file could do no harm, but a promise that browsers keep is better than ours.
constexpr std::string_view kPolicy =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
    "'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n";

std::string section(std::string_view id, std::string_view title, std::string_view content,
                    bool by_script = false) {
  return fmt::format(
      "<section id=\"{}\" aria-labelledby=\"{}-title\"{}>\n<h2 id=\"{}-title\">{}</h2>\n{}"
      "</section>\n",
      id, id, by_script ? " hidden=\"hidden\"" : "", id, title, content);
}

std::string figure(std::string_view content) {
  return fmt::format("<figure class=\"chart\">\n{}</figure>\n", content);
}

std::string with_controls(const std::string& content) {
  return "<div class=\"controls\"></div>\n" + content;
}

std::string header(const PageView& view, std::string_view date) {
  std::string html = fmt::format("<header>\n<h1>{}</h1>\n<p class=\"soft\">{}{}</p>\n",
                                 escape(view.source->name), page_subtitle(view),
                                 date.empty() ? "" : fmt::format("; written {}", escape(date)));
  html += "<p id=\"live\" class=\"live\" hidden=\"hidden\"></p>\n";
  html +=
      "<div id=\"progress\">" + progress_section(view) + "</div>\n<nav aria-label=\"Sections\">";
  constexpr std::pair<const char*, const char*> kLinks[] = {
      {"tradeoff", "Trade-off"},   {"curves", "Curves"}, {"layers", "Layers"},
      {"stability", "Stability"},  {"cost", "Cost"},     {"results", "Results"},
      {"conditions", "Conditions"}};
  for (const auto& [id, name] : kLinks) html += fmt::format("<a href=\"#{}\">{}</a>\n", id, name);
  return html + "</nav>\n</header>\n";
}

std::string body(const PageView& view, std::string_view date) {
  std::string html = "<body>\n<main class=\"many\">\n" + header(view, date);
  html += "<div id=\"overview\">\n" + overview_section(view) + "</div>\n";
  html += "<div id=\"filters\" class=\"filters\" role=\"search\" hidden=\"hidden\"></div>\n";
  html += "<p id=\"said\" class=\"hidden\" role=\"status\" aria-live=\"polite\"></p>\n";
  html += section("tradeoff", "Trade-off", with_controls(figure(page_plot(view))));
  html += section("curves", "Curves",
                  "<div class=\"controls kept\"></div>\n" + figure("") + figure(""), true);
  html += section("layers", "Layers", with_controls("<div class=\"wide\"></div>\n"), true);
  html += section("stability", "Stability",
                  with_controls("<p class=\"soft\">Stability: top-1 right after pruning over that "
                                "right before. Increase: what retraining gave back, in points."
                                "</p>\n" +
                                figure("")),
                  true);
  html += section("cost", "Cost", "<div id=\"costs\">" + cost_section(view) + "</div>\n");
  html += section(
      "results", "Results",
      "<p class=\"soft\">Mean ± standard deviation over n seeds.</p>\n" + results_section(view));
  html += section("conditions", "Conditions",
                  "<div id=\"machines\">" + conditions_section(view) + "</div>\n");
  return html +
         "<noscript><p class=\"soft\">With JavaScript this page also has curves, layers, "
         "filters and sorting.</p></noscript>\n</main>\n";
}

std::string scripts(const nlohmann::json& data, const std::string& attribute) {
  return fmt::format(
      "<script type=\"application/json\" "
      "id=\"data\"{}>{}</script>\n<script{}>\n{}\n{}\n{}</script>\n"
      "</body>\n</html>\n",
      attribute, script_text(data), attribute, chart_script(), page_script(), table_script());
}

std::string title_of(const PageView& view) { return "Pollard: " + view.source->name; }

}  // namespace

std::string render_page(const PageView& view, std::string_view date) {
  return html_head(title_of(view), kPolicy) + body(view, date) + scripts(page_data(view), "");
}

std::string render_served_page(const PageView& view, std::string_view nonce) {
  nlohmann::json data = page_data(view);
  data["served"] = true;
  // Browsers ask for an icon unless they are told of one.
  return html_head(title_of(view), "<link rel=\"icon\" href=\"data:,\">\n") + body(view, "") +
         scripts(data, fmt::format(" nonce=\"{}\"", nonce));
}

nlohmann::json served_data(const PageView& view) {
  nlohmann::json data = page_data(view);
  data["served"] = true;
  data["html"] = {{"progress", progress_section(view)},
                  {"overview", overview_section(view)},
                  {"costs", cost_section(view)},
                  {"machines", conditions_section(view)}};
  return data;
}

}  // namespace pollard
