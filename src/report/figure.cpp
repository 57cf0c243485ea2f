#include "report/figure.h"

#include <fmt/format.h>

#include <cmath>

#include "report/figure_layout.h"
#include "report/figure_panel.h"
#include "report/figure_spots.h"
#include "report/figure_style.h"
#include "report/svg_text.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr std::string_view kFonts =
    "Helvetica,Arial,Liberation Sans,Nimbus Sans,DejaVu Sans,sans-serif";

// A name for url(#...), which takes no spaces or brackets.
std::string plain_id(std::string_view id) {
  std::string plain = "figure";
  if (!id.empty()) plain = id;
  for (char& c : plain) {
    const bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!fine && c != '-') c = '_';
  }
  return plain;
}

std::string head(const Figure& figure, const FigureLayout& layout, std::string_view id) {
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {} {}\" width=\"{}\" "
      "height=\"{}\" font-family=\"{}\" aria-labelledby=\"{}-title {}-desc\">\n",
      px(layout.width), px(layout.height), px(layout.width), px(layout.height), kFonts, id, id);
  text += fmt::format("<title id=\"{}-title\">{}</title>\n", id, escape(figure.title));
  text += fmt::format("<desc id=\"{}-desc\">{}</desc>\n", id, escape(figure.description));
  return text + fmt::format("<rect x=\"0\" y=\"0\" width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n",
                            px(layout.width), px(layout.height));
}

std::string draw_legend_entry(const LegendEntry& entry, const LineLook& look) {
  const double right = entry.text.x - kSampleGap, left = right - kSample;
  const double y = entry.text.y - 3.8;  // the middle of small letters
  const std::string_view dashes = entry.baseline ? look.baseline : look.dashes;
  std::string text = fmt::format(
      "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n",
      px(left), px(y), px(right), px(y), look.color, kLineWidth,
      dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dashes));
  if (!entry.baseline) text += marker_at(look, (left + right) / 2, y);
  return text + draw_block(entry.text, "start", kTextSize);
}

// As short as it reads back to the same; nothing for what is no number.
std::string exact(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string joined(const std::vector<std::string>& ids) {
  return fmt::format("{}", fmt::join(ids, " "));
}

}  // namespace

std::string draw_figure(const Figure& figure) {
  const FigureLayout layout = lay_out(figure);
  const std::map<std::string, LineLook> looks = looks_of(figure);
  const std::string id = plain_id(figure.id);
  std::string text = head(figure, layout, id);
  text += draw_block(layout.title, "middle", kTitleSize, " font-weight=\"bold\"");
  for (const LegendEntry& entry : layout.legend) {
    text += draw_legend_entry(entry, looks.at(entry.name));
  }
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    text +=
        draw_panel(figure.panels[i], layout.panels[i], looks, fmt::format("{}-clip-{}", id, i + 1));
  }
  text += draw_block(layout.notes, "start", kNoteSize);
  return text + "</svg>\n";
}

TextTable figure_values(const Figure& figure) {
  TextTable table{{{"panel", Align::Left},
                   {"line", Align::Left},
                   {"x"},
                   {"y"},
                   {"low"},
                   {"high"},
                   {"n"},
                   {"configurations", Align::Left}},
                  {}};
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    const Panel& panel = figure.panels[i];
    const std::string name = panel.title.empty() ? fmt::format("{}", i + 1) : panel.title;
    for (const FigureLine& line : panel.lines) {
      for (const Spot& spot : drawn_spots(panel, line)) {
        table.rows.push_back({name, line.name, exact(spot.x), exact(spot.y), exact(spot.low),
                              exact(spot.high), fmt::format("{}", spot.n), joined(spot.origin)});
      }
    }
  }
  return table;
}

}  // namespace pollard
