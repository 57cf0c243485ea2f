// Figures by their elements: the right marks in the right places, the same each time. That words do
// not overlap is in figure_layout_test.cpp.
#include "report/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/markup.h"
#include "report/svg_elements.h"

namespace pollard {
namespace {

using test::Element;
using test::elements;
using test::markup_problem;
using test::occurrences;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Spot at(double x, double y) { return {x, y, y, y, 1, {}}; }
Spot spread(double x, double low, double y, double high) { return {x, y, low, high, 3, {}}; }

Figure figure_of(std::vector<FigureLine> lines) {
  return {.id = "fig1",
          .title = "A title",
          .description = "A description",
          .columns = 2,
          .panels = {{"panel", "sparsity (%)", "top-1 (%)", std::move(lines), false, {}, {}}},
          .notes = {"a note"}};
}

FigureLine diagonal(const std::string& name) { return {name, {at(0, 0), at(5, 5), at(10, 10)}}; }

// The plot's frame: the rectangle that is not filled.
Element frame_of(const std::string& svg) { return elements(svg, "rect").at(1); }

std::vector<std::string> texts(const std::string& svg) {
  std::vector<std::string> all;
  for (const Element& text : elements(svg, "text")) all.push_back(text.content);
  return all;
}

TEST(DrawFigure, IsAFileOfItsOwn) {
  const std::string svg = draw_figure(figure_of({diagonal("a")}));
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, ::testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, HasSubstr("fill=\"#ffffff\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"fig1-title\">A title</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"fig1-desc\">A description</desc>"));
  for (const auto* foreign : {"currentColor", "<style", "class=", "<script", "@media", "href"})
    EXPECT_THAT(svg, Not(HasSubstr(foreign)));
  EXPECT_EQ(draw_figure(figure_of({diagonal("a")})), svg);
}

TEST(DrawFigure, HasItsWords) {
  const std::vector<std::string> words = texts(draw_figure(figure_of({diagonal("erk")})));
  for (const auto* word : {"A title", "panel", "sparsity (%)", "top-1 (%)", "erk", "a note", "10"})
    EXPECT_THAT(words, ::testing::Contains(word));
}

// Of the four circles the first is the legend's.
TEST(DrawFigure, DrawsSpotsWhereTheTicksSay) {
  const std::string svg = draw_figure(figure_of({diagonal("a")}));
  const std::vector<Element> circles = elements(svg, "circle");
  ASSERT_EQ(circles.size(), 4u);
  EXPECT_NEAR(circles[2].number("cx"), (circles[1].number("cx") + circles[3].number("cx")) / 2, .1);
  EXPECT_NEAR(circles[2].number("cy"), (circles[1].number("cy") + circles[3].number("cy")) / 2, .1);
  EXPECT_LT(circles[1].number("cx"), circles[3].number("cx"));
  EXPECT_GT(circles[1].number("cy"), circles[3].number("cy"));
  for (const Element& text : elements(svg, "text")) {
    if (text.content != "10") continue;
    if (text.text("text-anchor") == "middle") {
      EXPECT_EQ(text.text("x"), circles[3].text("cx"));
    } else {
      EXPECT_NEAR(text.number("y"), circles[3].number("cy") + 3.6, .11);
    }
  }
}

TEST(DrawFigure, DrawsBandsWhereThereIsSpread) {
  const std::string svg =
      draw_figure(figure_of({diagonal("a"), {"b", {spread(0, 1, 2, 3), spread(10, 4, 4, 4)}}}));
  EXPECT_EQ(occurrences(svg, "fill-opacity"), 1u);
  const std::string band = elements(svg, "path").at(0).text("d");
  EXPECT_EQ(occurrences(band, "L"), 3u);  // there along high and back along low
  EXPECT_EQ(band.back(), 'Z');
  EXPECT_LT(svg.find("fill-opacity"), svg.find("stroke-linejoin"));  // below the lines
}

TEST(DrawFigure, DrawsStepsToThePanelsEnd) {
  const std::string svg = draw_figure(figure_of({{"a", {at(0, 1), at(10, 3)}, LineForm::Steps}}));
  const std::vector<Element> marks = elements(svg, "circle");
  ASSERT_EQ(marks.size(), 3u);
  const Element frame = frame_of(svg);
  const double end = frame.number("x") + frame.number("width");
  const std::string x1 = marks[1].text("cx"), y1 = marks[1].text("cy");
  const std::string x2 = marks[2].text("cx"), y2 = marks[2].text("cy");
  const std::string path = elements(svg, "path").at(0).text("d");
  EXPECT_THAT(path, ::testing::StartsWith("M" + x1 + " " + y1 + "L" + x2 + " " + y1 + "L" + x2 +
                                          " " + y2 + "L"));
  EXPECT_NEAR(std::stod(path.substr(path.rfind('L') + 1)), end, .11);
}

TEST(DrawFigure, DrawsBaselinesOverTheWholePanel) {
  const std::string svg = draw_figure(figure_of({diagonal("a"),
                                                 {"dense", {at(3, 7)}, LineForm::Baseline},
                                                 {"paper", {at(kNan, 8)}, LineForm::Baseline}}));
  const std::vector<Element> paths = elements(svg, "path");
  ASSERT_EQ(paths.size(), 3u);
  const Element frame = frame_of(svg);
  EXPECT_THAT(paths[1].text("d"), ::testing::StartsWith("M" + frame.text("x") + " "));
  EXPECT_EQ(paths[0].text("stroke-dasharray"), "");
  EXPECT_NE(paths[1].text("stroke-dasharray"), "");
  EXPECT_NE(paths[1].text("stroke-dasharray"), paths[2].text("stroke-dasharray"));
  EXPECT_NE(paths[1].text("stroke"), paths[2].text("stroke"));
  EXPECT_EQ(elements(svg, "circle").size(), 4u);  // those of the curve
  EXPECT_EQ(elements(svg, "polygon").size(), 0u);
}

TEST(DrawFigure, HasOneLegendForAllPanels) {
  Figure figure = figure_of({diagonal("a"), diagonal("b")});
  figure.panels.push_back(figure.panels[0]);
  figure.panels[1].lines = {diagonal("b"), diagonal("c"), {"nothing", {at(kNan, 1)}}};
  const std::string svg = draw_figure(figure);
  for (const auto* name : {">a<", ">b<", ">c<"}) EXPECT_EQ(occurrences(svg, name), 1u) << name;
  EXPECT_THAT(svg, Not(HasSubstr("nothing")));
  const std::vector<Element> paths = elements(svg, "path");
  ASSERT_EQ(paths.size(), 4u);
  EXPECT_EQ(paths[1].text("stroke"), paths[2].text("stroke"));  // b in both
  EXPECT_NE(paths[0].text("stroke"), paths[3].text("stroke"));
}

TEST(DrawFigure, KeepsLinesWithinGivenEnds) {
  Figure figure = figure_of({diagonal("a")});
  EXPECT_THAT(draw_figure(figure), Not(HasSubstr("clip")));
  figure.panels[0].low_y = 4;
  figure.panels[0].high_y = 10;
  const std::string svg = draw_figure(figure);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, HasSubstr("<clipPath id=\"fig1-clip-1\">"));
  EXPECT_THAT(svg, HasSubstr("clip-path=\"url(#fig1-clip-1)\""));
  EXPECT_EQ(elements(svg, "circle").size(), 3u);  // the legend's and two of three
  EXPECT_EQ(elements(svg, "circle").at(2).text("cy"), frame_of(svg).text("y"));
}

TEST(DrawFigure, DrawsASingleSpotWithABar) {
  const std::string svg = draw_figure(figure_of({{"a", {spread(1, 2, 3, 4)}}}));
  EXPECT_EQ(elements(svg, "path").size(), 0u);
  EXPECT_EQ(elements(svg, "circle").size(), 2u);
  EXPECT_EQ(occurrences(svg, "stroke=\"#0072b2\" stroke-width=\"1\""), 3u);
}

TEST(DrawFigure, LeavesOutWhatHasNoPlace) {
  Figure figure = figure_of({{"a", {at(0, 1), at(10, kNan), at(100, 3), at(1000, 4)}}});
  figure.panels[0].log_x = true;
  const std::string svg = draw_figure(figure);
  EXPECT_EQ(elements(svg, "circle").size(), 3u);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(DrawFigure, SaysWhereThereIsNoData) {
  EXPECT_EQ(occurrences(draw_figure(figure_of({})), ">no data<"), 1u);
  EXPECT_EQ(occurrences(draw_figure(figure_of({{"a", {at(kNan, 1)}}})), ">no data<"), 1u);
  EXPECT_EQ(markup_problem(draw_figure({})), "");
}

TEST(DrawFigure, EscapesText) {
  const std::string evil = "<b>&\"'";
  Figure figure = figure_of({diagonal(evil)});
  figure.id = "a (\"b\")";
  figure.title = figure.description = figure.panels[0].title = figure.notes[0] = evil;
  figure.panels[0].x_label = figure.panels[0].y_label = evil;
  figure.panels[0].low_y = 1;
  const std::string svg = draw_figure(figure);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(occurrences(svg, "&lt;b&gt;&amp;&quot;&#39;"), 8u);
  EXPECT_THAT(svg, HasSubstr("url(#a___b__-clip-1)"));
}

TEST(FigureValues, HaveALineForEachSpotThatIsDrawn) {
  Figure figure = figure_of({{"a", {{0.1, 1.0 / 3, 0.3, 0.4, 3, {"id1", "id2"}}, at(kNan, 1)}},
                             {"dense", {at(kNan, 7)}, LineForm::Baseline}});
  figure.panels.push_back({"", "x", "y", {diagonal("b")}, true, {}, {}});
  const TextTable table = figure_values(figure);
  EXPECT_EQ(to_csv(table),
            "panel,line,x,y,low,high,n,configurations\n"
            "panel,a,0.1,0.3333333333333333,0.3,0.4,3,id1 id2\n"
            "panel,dense,,7,7,7,1,\n"
            "2,b,5,5,5,5,1,\n"
            "2,b,10,10,10,10,1,\n");
  EXPECT_EQ(std::stod(table.rows[0][3]), 1.0 / 3);
}

}  // namespace
}  // namespace pollard
