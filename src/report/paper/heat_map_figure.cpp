// The heat map as SVG: a row a line, a column a layer, darker is denser, by the logarithm of the
// density; emptied layers in a colour of their own. Plain attributes, dark on white: for papers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "core/terminal_text.h"
#include "report/axes.h"
#include "report/paper/heat_map.h"
#include "report/values.h"

namespace pollard {
namespace {

constexpr double kMargin = 14, kRowHeight = 18, kCharacter = 6.3, kSmall = 5.1;
constexpr double kWanted = 640;  // width of all columns
constexpr double kLine = 15;     // height of a line of text
constexpr std::string_view kEmpty = "#c2500a";
constexpr std::array<double, 3> kSparse = {238, 243, 250}, kDense = {8, 48, 107};

struct Geometry {
  double left = 0, top = 0, cell = 0, width = 0, height = 0;
};

double text_width(std::string_view text, double character) {
  return character * static_cast<double>(columns(text));
}

Geometry geometry_of(const HeatMap& map) {
  double names = 0, layers = 0, words = text_width(map.title, 1.25 * kCharacter);
  for (const HeatMap::Line& line : map.lines)
    names = std::max(names, text_width(line.name, kCharacter));
  for (const std::string& layer : map.layers) layers = std::max(layers, text_width(layer, kSmall));
  for (const std::string& note : map.notes) words = std::max(words, text_width(note, kSmall));
  Geometry place;
  const auto columns = static_cast<double>(map.layers.size());
  place.left = kMargin + names + 8;
  place.top = kMargin + 2 * kLine + layers;
  place.cell = std::clamp(kWanted / std::max(columns, 1.0), 9.0, 26.0);
  place.width = std::max(place.left + columns * place.cell, kMargin + words) + kMargin;
  place.height = place.top + kRowHeight * static_cast<double>(map.lines.size()) + 4 * kLine +
                 kLine * static_cast<double>(map.notes.size()) + kMargin;
  return place;
}

// The power of ten below all densities that are not 0.
double least_of(const HeatMap& map) {
  double least = 1;
  for (const HeatMap::Line& line : map.lines) {
    for (const auto& density : line.densities) {
      if (density && *density > 0) least = std::min(least, *density);
    }
  }
  return std::min(0.1, std::pow(10, std::floor(std::log10(least) + 1e-9)));
}

std::string colour_of(double density, double least) {
  if (density <= 0) return std::string(kEmpty);
  const double part = std::clamp(1 - std::log10(density) / std::log10(least), 0.0, 1.0);
  std::array<int, 3> mixed{};
  for (std::size_t i = 0; i < mixed.size(); ++i)
    mixed[i] = static_cast<int>(std::lround(kSparse[i] + part * (kDense[i] - kSparse[i])));
  return fmt::format("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
}

class Drawing {
 public:
  Drawing(const HeatMap& map, const Geometry& place) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" font-family=\"DejaVu Sans, Helvetica, Arial, "
        "sans-serif\" font-size=\"11\" fill=\"#1a1a1a\">\n",
        place.width, place.height);
    add("<title>{}</title>\n<desc>{}</desc>\n", escape(map.title), escape(map.description));
    add("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  }
  void words(double x, double y, std::string_view text, std::string_view extra = "") {
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, extra, escape(text));
  }
  void cell(double x, double y, double width, std::string_view colour, std::string_view title) {
    add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\">"
        "<title>{}</title></rect>\n",
        x, y, width, kRowHeight - 1, colour, escape(title));
  }
  [[nodiscard]] std::string finish() && { return std::move(text_) + "</svg>\n"; }

 private:
  template <typename... Parts>
  void add(fmt::format_string<Parts...> format, Parts&&... parts) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
  }
  std::string text_;
};

void draw_cells(Drawing& drawing, const HeatMap& map, const Geometry& place, double least) {
  for (std::size_t c = 0; c < map.layers.size(); ++c) {
    const double x = place.left + (static_cast<double>(c) + 0.5) * place.cell + 3,
                 y = place.top - 4;
    drawing.words(x, y, map.layers[c],
                  fmt::format("font-size=\"8.5\" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y));
  }
  for (std::size_t r = 0; r < map.lines.size(); ++r) {
    const HeatMap::Line& line = map.lines[r];
    const double y = place.top + kRowHeight * static_cast<double>(r);
    drawing.words(place.left - 6, y + 13, line.name, "text-anchor=\"end\"");
    for (std::size_t c = 0; c < line.densities.size(); ++c) {
      if (!line.densities[c]) continue;
      const double density = *line.densities[c];
      drawing.cell(place.left + static_cast<double>(c) * place.cell, y, place.cell - 0.5,
                   colour_of(density, least),
                   fmt::format("{}, {}: {:.3g} % kept (n = {})", line.name, map.layers[c],
                               100 * density, line.n));
    }
  }
}

// The scale: patches with their densities, and what an emptied layer looks like.
void draw_scale(Drawing& drawing, const HeatMap& map, const Geometry& place, double least) {
  const double y = place.top + kRowHeight * static_cast<double>(map.lines.size()) + kLine;
  double x = place.left;
  drawing.words(x - 6, y + 13, "kept, %", "text-anchor=\"end\"");
  const auto patch = [&](double density, const std::string& text) {
    drawing.cell(x, y, kRowHeight, colour_of(density, least), text);
    drawing.words(x + kRowHeight + 4, y + 13, text);
    x += kRowHeight + 16 + text_width(text, kCharacter);
  };
  for (const double tick : log_ticks(least, 1)) patch(tick, fmt::format("{:g}", 100 * tick));
  patch(0, "nothing");
}

}  // namespace

std::string draw_heat_map(const HeatMap& map) {
  const Geometry place = geometry_of(map);
  const double least = least_of(map);
  Drawing drawing(map, place);
  drawing.words(kMargin, kMargin + 10, map.title, "font-size=\"14\" font-weight=\"bold\"");
  draw_cells(drawing, map, place, least);
  draw_scale(drawing, map, place, least);
  double y = place.top + kRowHeight * static_cast<double>(map.lines.size()) + 4 * kLine;
  for (const std::string& note : map.notes) {
    drawing.words(kMargin, y, note, "font-size=\"9\"");
    y += kLine;
  }
  return std::move(drawing).finish();
}

}  // namespace pollard
