#include "report/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/measures.h"
#include "report/result_rows.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::row_of;
using test::sample_rows;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ResultsKeys kKeys{
    {"model", "out", "prune.cycles", "prune.sparsity", "retrain.schedule", "seed"}, {"out"}};

ResultsAnswer ask(const ResultsQuestion& question) {
  return answer_results(sample_rows(), question, kKeys, "store");
}

Error refused(const ResultsQuestion& question) {
  return thrown_by([&] { (void)ask(question); });
}

TEST(Results, ShowWhatVariesOverSeeds) {
  const ResultsAnswer answer = ask({});
  EXPECT_EQ(answer.summary, "11 finished configurations in 4 groups");
  EXPECT_EQ(to_text(answer.table),
            "prune.sparsity  retrain.schedule            top1 %        sparsity %\n"
            "0.9             ft                91.20 ± 0.20 (3)  90.00 ± 0.00 (3)\n"
            "0.9             slr               92.20 ± 0.26 (3)  90.00 ± 0.00 (3)\n"
            "0.95            ft                89.25 ± 0.35 (2)  95.00 ± 0.00 (2)\n"
            "0.95            slr               90.50 ± 0.50 (3)  95.00 ± 0.00 (3)\n");
}

TEST(Results, AreChosenSortedAndMeasuredAsAsked) {
  const ResultsAnswer answer =
      ask({.filters = {{"prune.sparsity", "0.9"}}, .measures = {"top1"}, .sort = "top1"});
  EXPECT_EQ(answer.summary, "6 finished configurations in 2 groups");
  EXPECT_EQ(to_text(answer.table),
            "retrain.schedule            top1 %\n"
            "slr               92.20 ± 0.26 (3)\n"
            "ft                91.20 ± 0.20 (3)\n");
  EXPECT_THAT(to_text(ask({.by = {"retrain.schedule"}, .measures = {"retrain_epochs"}}).table),
              AllOf(HasSubstr("ft                    30 ± 0 (5)"),
                    HasSubstr("slr                   30 ± 0 (6)")));
}

TEST(Results, CanBeOneLineARun) {
  const ResultsAnswer answer = ask({.filters = {{"prune.sparsity", "0.95"}},
                                    .measures = {"top1"},
                                    .seeds = true,
                                    .sort = "top1"});
  EXPECT_EQ(to_text(answer.table),
            "retrain.schedule  seed  top1 %\n"
            "slr               3      91.00\n"
            "slr               1      90.50\n"
            "slr               2      90.00\n"
            "ft                2      89.50\n"
            "ft                1      89.00\n");
  EXPECT_THAT(to_csv(answer.values), HasSubstr("id,retrain.schedule,seed,top1\n"));
  EXPECT_THAT(to_csv(answer.values), HasSubstr(",slr,3,91\n"));
  EXPECT_EQ(answer.object["results"].size(), 5u);
  EXPECT_EQ(answer.object["results"][0]["settings"]["model"], "resnet56");
  EXPECT_EQ(answer.object["results"][0]["measures"]["top1"], 91.0);
}

TEST(Results, ForProgramsArePlainNumbers) {
  const ResultsAnswer answer = ask({.filters = {{"retrain.schedule", "ft"}}, .measures = {"top1"}});
  EXPECT_THAT(to_csv(answer.values),
              AllOf(HasSubstr("prune.sparsity,n,top1,top1_std,top1_min,top1_max\n"),
                    HasSubstr("0.95,2,89.25,0.3535533905932738,89,89.5\n")));
  const nlohmann::json& group = answer.object["groups"][1];
  EXPECT_EQ(answer.object["format"], 1);
  EXPECT_EQ(group["settings"]["model"], "resnet56");
  EXPECT_EQ(group["n"], 2);
  EXPECT_EQ(group["ids"].size(), 2u);
  EXPECT_EQ(group["measures"]["top1"]["mean"], 89.25);
}

TEST(Results, OfOneSeedHaveNoDeviation) {
  const ResultsAnswer answer =
      answer_results({row_of({{"seed", "1"}}, {{"top1", 90}, {"other", 0.5}})},
                     {.measures = {"top1", "other"}}, kKeys, "store");
  EXPECT_EQ(to_text(answer.table), "   top1 %       other\n90.00 (1)  0.5000 (1)\n");
  EXPECT_EQ(to_csv(answer.values),
            "n,top1,top1_std,top1_min,top1_max,other,other_std,other_min,other_max\n"
            "1,90,,90,90,0.5,,0.5,0.5\n");
  EXPECT_TRUE(answer.object["groups"][0]["measures"]["top1"]["std"].is_null());
}

TEST(Results, CompareTwoValuesOfASetting) {
  const ResultsAnswer answer = ask({.contrast = Contrast{"retrain.schedule", "ft", "slr"}});
  EXPECT_EQ(answer.summary,
            "top1 % of retrain.schedule=slr minus that of retrain.schedule=ft, over 5 pairs of "
            "equal seeds");
  EXPECT_EQ(to_text(answer.table),
            "prune.sparsity  n     ft    slr  difference  95 % interval     p\n"
            "0.9             3  91.20  92.20        1.00   0.90 to 1.10  0.25\n"
            "0.95            2  89.25  90.25        1.00   0.50 to 1.50   0.5\n");
  EXPECT_THAT(to_csv(answer.values),
              HasSubstr("prune.sparsity,n,mean_a,mean_b,difference,std,low,high,p\n0.9,3,"));
  EXPECT_EQ(answer.object["comparisons"][0]["pairs"].size(), 3u);
}

TEST(Results, NameTheNearestOfWhatIsUnknown) {
  const Error key = refused({.filters = {{"prune.sparsty", "0.9"}}});
  EXPECT_EQ(key.code(), ErrorCode::Usage);
  EXPECT_THAT(key.what(), HasSubstr("'prune.sparsty'"));
  EXPECT_EQ(key.hint(), "did you mean 'prune.sparsity'?");
  EXPECT_EQ(refused({.by = {"schedule"}}).hint(), "did you mean 'retrain.schedule'?");
  EXPECT_EQ(refused({.measures = {"top"}}).hint(), "did you mean 'top1'?");
  EXPECT_THAT(refused({.sort = "xyzxyzxyz"}).hint(), HasSubstr("top1, sparsity, retrain_epochs"));
  EXPECT_EQ(refused({.contrast = Contrast{"sed", "1", "2"}}).hint(), "did you mean 'seed'?");
}

TEST(Results, NameTheValuesWhereNothingFits) {
  const Error error =
      refused({.filters = {{"retrain.schedule", "ft"}, {"prune.sparsity", "0.98"}}});
  EXPECT_EQ(error.code(), ErrorCode::Usage);
  EXPECT_STREQ(error.what(),
               "no finished configuration in 'store' has retrain.schedule=ft and "
               "prune.sparsity=0.98");
  EXPECT_EQ(error.hint(), "there is prune.sparsity=0.9, 0.95");
  EXPECT_THAT(refused({.filters = {{"prune.cycles", "3"}}}).hint(), HasSubstr("no effect"));
  const Error empty = thrown_by([&] { (void)answer_results({}, {}, kKeys, "store"); });
  EXPECT_THAT(empty.what(), HasSubstr("no configuration in 'store' is finished"));
}

TEST(Results, OfAnotherVersionsKeysAreFoundToo) {
  const auto answer = answer_results({row_of({{"old.key", "1"}}, {{"top1", 90}})},
                                     {.filters = {{"old.key", "1"}}}, kKeys, "store");
  EXPECT_EQ(answer.table.rows.size(), 1u);
}

TEST(Measures, AreInOneOrder) {
  const std::vector<ResultRow> rows = {row_of({}, {{"zeta", 1}, {"loss", 1}, {"top1", 1}}),
                                       row_of({}, {{"sparsity", 1}})};
  EXPECT_THAT(measure_names(rows), ElementsAre("top1", "loss", "sparsity", "zeta"));
  EXPECT_THAT(shown_measures(rows), ElementsAre("top1", "sparsity"));
  const std::vector<ResultRow> unusual = {row_of({}, {{"zeta", 1}})};
  EXPECT_THAT(shown_measures(unusual), ElementsAre("zeta"));
  EXPECT_EQ(summary_text("top1", nullptr), "–");
  EXPECT_EQ(measure_text("sparsity", 0.975), "97.50");
  EXPECT_TRUE(is_better_low("loss"));
  EXPECT_FALSE(is_better_low("top1"));
}

}  // namespace
}  // namespace pollard
