#include "report/page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markup.h"
#include "report/page/page_files.h"
#include "report/page/synthetic_source.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::markup_problem;
using test::occurrences;
using ::testing::HasSubstr;
using ::testing::Not;

const KeySet kIgnored{"seed"};

/// Without scripts, which are no markup, and <noscript>'s void neighbours.
std::string without_scripts(std::string page) {
  for (std::size_t at = page.find("<script"); at != std::string::npos; at = page.find("<script")) {
    const std::size_t end = page.find("</script>", at);
    page.erase(at, end + 9 - at);
  }
  return page;
}

std::string page_of(const PageSource& source) {
  return render_page(view_page(source, kIgnored), "2026-01-31");
}

TEST(RenderPage, HoldsWhatManyRunsCameTo) {
  const test::SyntheticSource made({});
  const std::string page = page_of(made.source);
  EXPECT_EQ(markup_problem(without_scripts(page)), "");
  for (const auto* part :
       {"<h1>synthetic</h1>", "A sweep of resnet20 on cifar10", "written 2026-01-31",
        "<b>180 of 180</b>", "in 60 groups over seeds", "82.8 %", "Best at each sparsity",
        "<h2 id=\"tradeoff-title\">Trade-off</h2>", "Content-Security-Policy", "<td>3</td>",
        "Where 243 stages ran", "<th scope=\"row\">cpu</th><td>made up</td>"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_EQ(occurrences(page, "<circle class=\"mark"), 60u);  // where no script runs
  EXPECT_EQ(page, page_of(made.source));
}

TEST(RenderPage, LoadsNothingFromElsewhere) {
  const test::SyntheticSource made({});
  const std::string page = page_of(made.source);
  EXPECT_EQ(occurrences(page, "http://"), occurrences(page, "http://www.w3.org/2000/svg"));
  for (const auto* part : {"https://", "src=", "url(", "@import", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(RenderPage, EscapesEveryText) {
  const std::string evil = "</script><script>alert(\"&'\")</script>";
  test::SyntheticSource made({});
  made.source.name = evil;
  made.source.axes = {evil, "prune.sparsity"};
  int n = 0;
  for (ResultRow& row : made.source.rows) row.settings[evil] = evil + std::to_string(n++ % 2);
  for (auto& [id, stage] : made.source.stages) {
    stage.label = evil;
    stage.environment = {{evil, evil}};
  }
  made.source.failures = {{evil, {evil, evil}}};
  made.source.progress = SweepProgress{.jobs = {{evil, 2}}, .running = {evil}, .seconds_left = {}};
  const std::string page = page_of(made.source);
  EXPECT_EQ(markup_problem(without_scripts(page)), "");
  EXPECT_EQ(occurrences(page, "<script"), 2u);
  EXPECT_EQ(occurrences(page, "</script>"), 2u);
}

TEST(RenderPage, StandsWithoutAnyResult) {
  PageSource source;
  source.name = "new";
  source.wanted = 5;
  source.failed = 1;
  source.failures = {{"0123", {"the loss is not finite", "lower train.lr"}}};
  const std::string page = page_of(source);
  EXPECT_EQ(markup_problem(without_scripts(page)), "");
  EXPECT_THAT(page, HasSubstr("<b>0 of 5</b>"));
  EXPECT_THAT(page, HasSubstr("the loss is not finite"));
}

TEST(RenderPage, TellsHowFarASweepIs) {
  test::SyntheticSource made({});
  made.source.progress = SweepProgress{.jobs = {{"done", 40}, {"running", 2}, {"pending", 20}},
                                       .epochs_done = 900,
                                       .epochs = 1500,
                                       .running = {"retrain", "retrain"},
                                       .seconds_left = 3700};
  EXPECT_THAT(
      page_of(made.source),
      HasSubstr("40 of 62 stages, 900 of 1500 epochs, 2 running, 0 failed, about 1:01:40 left"));
}

TEST(ServedPage, RunsOnlyScriptsWithTheNonce) {
  const test::SyntheticSource made({});
  const PageView view = view_page(made.source, kIgnored);
  const std::string page = render_served_page(view, "abc");
  EXPECT_EQ(occurrences(page, "<script"), occurrences(page, "nonce=\"abc\""));
  EXPECT_THAT(page, HasSubstr("\"served\":true"));
  EXPECT_THAT(page_of(made.source), Not(HasSubstr("\"served\":true")));
  const json data = served_data(view);
  for (const auto* part : {"overview", "progress", "costs", "machines"}) {
    EXPECT_TRUE(data["html"].contains(part));
    EXPECT_THAT(page, HasSubstr("id=\"" + std::string(part) + "\""));
  }
}

TEST(PageFiles, CannotEndTheirElements) {
  for (const std::string_view script : {chart_script(), page_script(), table_script()}) {
    EXPECT_GT(script.size(), 1000u);
    EXPECT_THAT(std::string(script), Not(HasSubstr("</script")));
    EXPECT_THAT(std::string(script), Not(HasSubstr("<!--")));
  }
  EXPECT_THAT(std::string(page_style()), Not(HasSubstr("</style")));
}

}  // namespace
}  // namespace pollard
