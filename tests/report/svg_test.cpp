// Charts by their structure: well formed, the right marks in the right places, the same each time.
#include "report/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/markup.h"

namespace pollard {
namespace {

using test::markup_problem;
using test::occurrences;
using ::testing::HasSubstr;
using ::testing::Not;

LineChart small_chart() {
  return {"chart",
          "A title",
          "A description",
          "epochs",
          "loss",
          {{"train", {{{0, 0}, {10, 10}}, {{10, 5}, {20, 0}}}},
           {"steps", {{{0, 1}, {1, 2}}}, LineStyle::Faint},
           {"test", {{{5, 5}}}, LineStyle::Dashed}},
          {{0, "train"}, {10, "retrain 1"}}};
}

// The plot spans x 62..746 and y 256 (bottom)..44 (top) for x 0..20 and y 0..10.
TEST(LineChart, DrawsEachPieceWhereItBelongs) {
  const std::string svg = line_chart(small_chart());
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, HasSubstr(R"(<path d="M62 256L404 44" class="line c0"/>)"));
  EXPECT_THAT(svg, HasSubstr(R"(<path d="M404 150L746 256" class="line c0"/>)"));
  EXPECT_THAT(svg, HasSubstr(R"(<path d="M62 234.8L96.2 213.6" class="line c0 faint"/>)"));
  EXPECT_THAT(svg, HasSubstr(R"(<circle cx="233" cy="150" r="3" class="f1")"));
}

TEST(LineChart, HasTitleAxesLegendAndSeparators) {
  const std::string svg = line_chart(small_chart());
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("aria-labelledby=\"chart-title chart-desc\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"chart-title\">A title</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"chart-desc\">A description</desc>"));
  for (const auto* word : {">epochs<", ">loss<", ">train<", ">steps<", ">test<", ">retrain 1<"}) {
    EXPECT_THAT(svg, HasSubstr(word));
  }
  EXPECT_EQ(occurrences(svg, "class=\"stage\""), 1u);  // none at the axis itself
  EXPECT_THAT(svg, HasSubstr(R"(<line x1="404" y1="32" x2="404" y2="256" class="stage"/>)"));
}

TEST(LineChart, IsDeterministicAndReadsOnDarkPages) {
  EXPECT_EQ(line_chart(small_chart()), line_chart(small_chart()));
  EXPECT_THAT(line_chart(small_chart()), HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(line_chart(small_chart()), HasSubstr("currentColor"));
}

TEST(LineChart, LeavesOutWhatItCannotDraw) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  LineChart chart = small_chart();
  chart.series = {{"a", {{{0, 0}, {1, 10}, {2, kNan}, {3, 1000}}}}};
  chart.log_y = true;  // 0 has no logarithm
  const std::string svg = line_chart(chart);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  const std::size_t path = svg.find("<path d=\"M");
  ASSERT_NE(path, std::string::npos);
  EXPECT_EQ(occurrences(svg.substr(path, svg.find('>', path) - path), "L"), 1u);
}

TEST(LineChart, OfNothingIsStillAChart) {
  LineChart chart{"empty", "", "", "", "", {}, {}, false};
  EXPECT_EQ(markup_problem(line_chart(chart)), "");
  chart.log_y = true;
  chart.series = {{"a", {{}}}};
  EXPECT_EQ(markup_problem(line_chart(chart)), "");
  EXPECT_THAT(line_chart(chart), Not(HasSubstr("nan")));
}

TEST(LineChart, DropsLabelsThatWouldOverlap) {
  LineChart chart = small_chart();
  chart.separators.clear();
  for (int i = 0; i < 40; ++i)
    chart.separators.push_back({i * 0.5, "retrain " + std::to_string(i)});
  const std::string svg = line_chart(chart);
  EXPECT_EQ(occurrences(svg, "class=\"stage\""), 39u);
  EXPECT_EQ(occurrences(svg, ">retrain "), 0u);
}

// From 1/1.1 to 100*1.1 both ways: 10 is in the middle, 1 at 62 + 684 log(1.1) / log(121).
TEST(LineChart, CanBeLogarithmicBothWaysWithDots) {
  LineChart chart{.id = "log",
                  .title = {},
                  .description = {},
                  .x_label = {},
                  .y_label = {},
                  .series = {{"a", {{{1, 1}, {10, 10}, {100, 100}, {0, 5}}}},
                             {"b", {{{1, 1}, {100, 100}}}, LineStyle::Dashed}},
                  .log_y = true,
                  .log_x = true,
                  .marks = true};
  const std::string svg = line_chart(chart);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(occurrences(svg, "<circle"), 3u);  // none where x = 0, none on the dashed line
  for (const auto* dot : {"cx=\"75.6\"", "cx=\"404\" cy=\"150\"", "cx=\"732.4\""})
    EXPECT_THAT(svg, HasSubstr(dot));
  chart.series.clear();
  EXPECT_EQ(markup_problem(line_chart(chart)), "");
  EXPECT_THAT(line_chart(chart), Not(HasSubstr("nan")));
}

TEST(LineChart, DrawsGuidesInTheColourOfText) {
  LineChart chart = small_chart();
  chart.series.insert(chart.series.begin(), {"goal", {{{0, 0}, {20, 10}}}, LineStyle::Guide});
  const std::string svg = line_chart(chart);
  EXPECT_THAT(svg, HasSubstr(R"(<path d="M62 256L746 44" class="line guide"/>)"));
  EXPECT_THAT(svg, HasSubstr(R"(<path d="M62 256L404 44" class="line c0"/>)"));  // as without it
}

// Once the legend was written across the title.
TEST(LineChart, PutsALongLegendBelowTheTitle) {
  LineChart chart = small_chart();
  EXPECT_THAT(line_chart(chart), HasSubstr(R"(y="14" text-anchor="start" >test<)"));
  chart.series[0].name = std::string(90, 'x');
  EXPECT_THAT(line_chart(chart), HasSubstr(R"(y="30" text-anchor="start" >test<)"));
  EXPECT_THAT(line_chart(chart), HasSubstr(R"(y="14" text-anchor="start" font-weight)"));
}

TEST(LineChart, EscapesText) {
  LineChart chart = small_chart();
  chart.title = chart.series[0].name = chart.separators[1].label = "<script>&\"";
  const std::string svg = line_chart(chart);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&amp;&quot;"));
}

// Labels of ten digits take 70.4 pixels and 12 of space; "50 %!" takes 34.32 and 14 of space.
TEST(BarChart, DrawsBarsToScale) {
  const BarChart chart{"bars",
                       "Bars",
                       "Some bars",
                       {{"0123456789", 50, "50 %!"}, {"b", 0, "0 %"}, {"<i>", 200, "!"}},
                       100};
  const std::string svg = bar_chart(chart);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(occurrences(svg, "<rect"), 3u);
  // From 82.4 to 760 - 34.32 - 14 = 711.68: half of it is 314.64 wide.
  EXPECT_THAT(svg, HasSubstr(R"(<rect x="82.4" y="32" width="314.6" height="12")"));
  EXPECT_THAT(svg, HasSubstr(R"(<rect x="82.4" y="51" width="0" height="12")"));
  EXPECT_THAT(svg, HasSubstr(R"(<rect x="82.4" y="70" width="629.3" height="12")"));
  EXPECT_THAT(svg, HasSubstr(">&lt;i&gt;<"));
  EXPECT_EQ(bar_chart(chart), svg);
}

TEST(MarkupProblem, FindsWhatIsBroken) {
  EXPECT_EQ(markup_problem("<a b=\"1\"><c/>x &amp; y</a>"), "");
  EXPECT_NE(markup_problem("<a><b></a></b>"), "");
  EXPECT_NE(markup_problem("<a>"), "");
  EXPECT_NE(markup_problem("<a>&nbsp</a>"), "");
  EXPECT_NE(markup_problem("<a b=1></a>"), "");
  EXPECT_NE(markup_problem("<a b=\"1\" b=\"2\"></a>"), "");
  EXPECT_NE(markup_problem("<a>1 < 2</a>"), "");
}

}  // namespace
}  // namespace pollard
