#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markup.h"
#include "report/sample_run.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::markup_problem;
using test::occurrences;
using ::testing::HasSubstr;
using ::testing::Not;

std::string sample_page() {
  return render_report(test::sample_result(), test::sample_metrics(), "model = \"resnet20\"\n",
                       {{"threads", 2}, {"torch", {{"version", "1.13.1"}}}, {"device", nullptr}});
}

TEST(RenderReport, HoldsWhatARunIs) {
  const std::string page = sample_page();
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_EQ(occurrences(page, "<svg "), 4u);
  for (const auto* part :
       {"<h1>resnet20 on cifar10</h1>", "status done, seed 1", "<td>retrained</td>",
        "<b>89.70 %</b>", "retrained, +1.60 points", "<b>90.00 %</b>",
        "kept 26,834 of 268,336 weights", "<small>theoretical speedup</small><b>6.39×</b>",
        "<th scope=\"col\">theoretical speedup</th>", "<b>1.59×</b>", "90.0 %, kept 64 of 640",
        "model = &quot;resnet20&quot;", "<th scope=\"row\">torch.version</th><td>1.13.1</td>",
        "<th scope=\"row\">device</th><td>–</td>", "<th scope=\"row\">threads</th><td>2</td>"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(RenderReport, SaysTheoreticalWithEachSpeedup) {
  const std::string page = sample_page();
  EXPECT_EQ(occurrences(page, "speedup"), occurrences(page, "theoretical speedup"));
}

TEST(RenderReport, LoadsNothingFromElsewhere) {
  const std::string page = sample_page();
  EXPECT_EQ(occurrences(page, "http://"),
            occurrences(page, "xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_EQ(occurrences(page, "https://"), 0u);
  for (const auto* part : {"src=", "href=", "url(", "@import", "<script", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(RenderReport, EscapesEveryText) {
  const std::string evil = "<script>alert(\"&'\")</script>";
  json result = test::sample_result();
  result["model"] = result["dataset"] = result["status"] = evil;
  result["stages"][0]["method"] = evil;
  result["stages"][1]["layers"][0]["name"] = evil;
  result["stages"].push_back({{"kind", evil}, {"epochs", 50}});
  const json environment = {{evil, {{evil, {evil}}}}, {"a", evil}};
  const std::string page = render_report(result, test::sample_metrics(), evil, environment);
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_GE(occurrences(page, "&lt;script&gt;"), 9u);
}

TEST(RenderReport, PutsDashesForWhatIsMissing) {
  const std::string page = render_report(json::object(), {}, "", nullptr);
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_EQ(occurrences(page, "<svg "), 0u);
  EXPECT_EQ(occurrences(page, "<b>–</b>"), 4u);
  for (const auto* part : {"Curves", "Layers", "Configuration", "Environment"}) {
    EXPECT_THAT(page, Not(HasSubstr(std::string("<h2>") + part)));
  }
}

TEST(RenderReport, BearsBadBytes) {
  const json environment = {{"cpu", "bad \xff byte"}, {"list", {"\xfe"}}};
  EXPECT_EQ(markup_problem(render_report(test::sample_result(), {}, "\xff", environment)), "");
}

TEST(RenderReport, IsDeterministic) { EXPECT_EQ(sample_page(), sample_page()); }

}  // namespace
}  // namespace pollard
