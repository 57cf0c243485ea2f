// Where words stand, the ranges of axes, and how lines are told apart.
#include "report/figure_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "report/figure_style.h"
#include "report/markup.h"
#include "report/svg_elements.h"
#include "report/svg_text.h"

namespace pollard {
namespace {

using test::Element;
using test::elements;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Panel panel_of(std::vector<Spot> spots) {
  return {"", "", "", {{"a", std::move(spots)}}, false, {}, {}};
}
Spot at(double x, double y) { return {x, y, y, y, 1, {}}; }

TEST(RangesOf, CoverBandsWithRoom) {
  const PanelRanges ranges = ranges_of(panel_of({{80, 90, 89, 92, 3, {}}, at(99.5, 10)}));
  EXPECT_FALSE(ranges.empty);
  EXPECT_LT(ranges.x.low, 80);
  EXPECT_GT(ranges.x.high, 99.5);
  EXPECT_LT(ranges.y.low, 10);
  EXPECT_GT(ranges.y.low, 0);
  EXPECT_GT(ranges.y.high, 92);
  EXPECT_LT(ranges.y.high, 100);
}

TEST(RangesOf, EndWhereTheyShould) {
  Panel panel = panel_of({at(0, 10), at(1, 90)});
  panel.low_y = 50;
  EXPECT_EQ(ranges_of(panel).y.low, 50);
  EXPECT_GT(ranges_of(panel).y.high, 90);
  panel.low_y = 95;  // above all
  EXPECT_EQ(ranges_of(panel).y.low, 95);
  EXPECT_GT(ranges_of(panel).y.high, 95);
  panel.high_y = 80;
  EXPECT_EQ(ranges_of(panel).y.low, 80);
  EXPECT_EQ(ranges_of(panel).y.high, 95);
  panel.low_y = kNan;
  panel.high_y = 5;  // below all
  EXPECT_LT(ranges_of(panel).y.low, 5);
  EXPECT_EQ(ranges_of(panel).y.high, 5);
}

// Ticks between numbers that differ in their last digit only could not be counted up.
TEST(RangesOf, TakeNearlyEqualNumbersForOne) {
  const PanelRanges ranges = ranges_of(panel_of({at(1e16, 1e16 + 2), at(1e16 + 2, 1e16 + 4)}));
  EXPECT_EQ(ranges.x.low, ranges.x.high);
  EXPECT_GT(y_axis(ranges, 100, 0).ticks().size(), 0u);
  EXPECT_TRUE(ranges_of(panel_of({at(1, kNan)})).empty);
}

TEST(LooksOf, DifferForManyNames) {
  Figure figure{.id = "f", .title = "", .description = "", .panels = {}, .notes = {}};
  figure.panels.emplace_back();
  for (int i = 0; i < 60; ++i) figure.panels[0].lines.push_back({std::to_string(i), {}});
  std::set<std::string> colors, seen;
  for (const auto& [name, look] : looks_of(figure)) {
    colors.emplace(look.color);
    seen.insert(std::string(look.color) + marker_at(look, 0, 0) + std::string(look.dashes));
  }
  EXPECT_GE(colors.size(), 10u);
  EXPECT_EQ(seen.size(), 60u);
}

struct Box {
  double left, top, right, bottom;
  std::string what;
};

bool apart(const Box& a, const Box& b) {
  return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
}

std::string unescaped(std::string text) {
  for (const auto& [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}) {
    for (std::size_t i; (i = text.find(from)) != text.npos;) {
      text.replace(i, std::string(from).size(), to);
    }
  }
  return text;
}

Box box_of(const Element& text) {
  const double size = text.number("font-size"), x = text.number("x"), y = text.number("y");
  const double width = text_width(unescaped(text.content), size, !text.text("font-weight").empty());
  const double up = 0.8 * size, down = 0.22 * size;
  if (!text.text("transform").empty()) {
    return {x - up, y - width / 2, x + down, y + width / 2, text.content};
  }
  const std::string anchor = text.text("text-anchor");
  const double left = anchor == "start" ? x : anchor == "middle" ? x - width / 2 : x - width;
  return {left, y - up, left + width, y + down, text.content};
}

// Words, the samples of the legend, and the plots, of which those without data hold words.
std::vector<Box> boxes_of(const std::string& svg) {
  std::vector<Box> boxes;
  for (const Element& text : elements(svg, "text")) {
    if (text.content != "no data") boxes.push_back(box_of(text));
  }
  for (const Element& line : elements(svg, "line")) {
    if (line.text("stroke-width") != "1.6") continue;
    boxes.push_back({line.number("x1"), line.number("y1") - 4, line.number("x2"),
                     line.number("y2") + 4, "a sample"});
  }
  for (const Element& rect : elements(svg, "rect")) {
    if (rect.text("fill") != "none") continue;
    const double x = rect.number("x"), y = rect.number("y");
    boxes.push_back({x, y, x + rect.number("width"), y + rect.number("height"), "a plot"});
  }
  return boxes;
}

// What is wrong, or "".
std::string overlap_in(const std::string& svg) {
  const Element page = elements(svg, "svg").at(0);
  const double width = page.number("width"), height = page.number("height");
  const std::vector<Box> boxes = boxes_of(svg);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    if (box.left < 0 || box.top < 0 || box.right > width || box.bottom > height) {
      return box.what + " leaves the page";
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (!apart(box, boxes[k])) return box.what + " is on " + boxes[k].what;
    }
  }
  return "";
}

int any(int low, int high) { return *rc::gen::inRange(low, high); }

std::string words() {
  static const std::string kLetters = "abeWMil 1(%)=&<,-  ";
  std::string text;
  const int length = any(0, 3) == 0 ? any(0, 150) : any(0, 16);
  for (int i = 0; i < length; ++i) text += kLetters[static_cast<std::size_t>(any(0, 19))];
  return text;
}

FigureLine line() {
  FigureLine line{words(), {}, static_cast<LineForm>(any(0, 3))};
  const double scale = std::pow(10, any(-8, 9)), base = any(0, 2) == 0 ? 0 : 12345 * scale;
  for (int i = any(0, 8); i > 0; --i) {
    const double y = any(0, 9) == 0 ? kNan : base + scale * any(-50, 50);
    line.spots.push_back({scale * any(-5, 100), y, y - scale * any(0, 9), y, 3, {}});
  }
  return line;
}

Figure some_figure() {
  Figure figure{.id = "f", .title = words(), .description = "", .panels = {}, .notes = {words()}};
  figure.columns = static_cast<std::size_t>(any(0, 5));
  for (int i = any(0, 7); i > 0; --i) {
    Panel panel{words(), words(), words(), {}, any(0, 2) == 0, {}, {}};
    for (int k = any(0, 6); k > 0; --k) panel.lines.push_back(line());
    if (any(0, 4) == 0) panel.low_y = any(-100, 100);
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

RC_GTEST_PROP(FigureProperties, NoWordsOverlap, ()) {
  const Figure figure = some_figure();
  const std::string svg = draw_figure(figure);
  RC_ASSERT(test::markup_problem(svg) == "");
  RC_ASSERT(overlap_in(svg) == "");
  RC_ASSERT(svg.find("nan") == svg.npos && svg.find("inf") == svg.npos);
  RC_ASSERT(draw_figure(figure) == svg);
}

TEST(OverlapIn, IsFound) {
  const std::string text = R"(<svg width="100" height="50"><text x="50" y="20" )"
                           R"(text-anchor="middle" font-size="10" fill="#222">word</text>)";
  EXPECT_EQ(overlap_in(text), "");
  EXPECT_NE(overlap_in(text + elements(text, "text")[0].content + text.substr(text.find("<text"))),
            "");
}

}  // namespace
}  // namespace pollard
