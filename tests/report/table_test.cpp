#include "report/table.h"

#include <gtest/gtest.h>

#include "report/sample_run.h"

namespace pollard {
namespace {

TEST(ToText, AlignsByColumnsNotBytes) {
  const TextTable table{{{"name", Align::Left}, {"größe"}, {"note", Align::Left}},
                        {{"a", "1", "x"}, {"längst", "1,000×", ""}, {"–", "–", "end"}}};
  EXPECT_EQ(to_text(table),
            "name     größe  note\n"
            "a            1  x\n"
            "längst  1,000×\n"
            "–            –  end\n");
}

TEST(ToText, OfNoRowsIsTheHeader) {
  EXPECT_EQ(to_text({{{"a", Align::Left}, {"b"}}, {}}), "a  b\n");
}

TEST(ToMarkdown, MarksColumnsOfNumbers) {
  EXPECT_EQ(to_markdown({{{"a", Align::Left}, {"b"}}, {{"x|y", "1"}}}),
            "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
}

TEST(ToCsv, QuotesWhatNeedsIt) {
  EXPECT_EQ(
      to_csv({{{"a"}, {"b"}, {"c"}}, {{"1,5", "say \"no\"", "line\nbreak"}, {"", " x", "y"}}}),
      "a,b,c\n\"1,5\",\"say \"\"no\"\"\",\"line\nbreak\"\n, x,y\n");
}

TEST(ResultTable, ShowsTheStages) {
  EXPECT_EQ(result_table(test::sample_result()),
            "stage      epochs  top-1 %   loss  sparsity %  theoretical speedup  seconds\n"
            "dense           2    88.10  0.360           –                    –    812.4\n"
            "pruned          –    10.19  2.900       90.00                6.39×        –\n"
            "retrained       1    89.70  0.310       90.00                6.39×    480.1\n"
            "time ratio 1.59 (all stages over training the dense network)\n");
}

TEST(ResultTable, SaysWhatWasNotRetrained) {
  nlohmann::json result = test::sample_result();
  result["stages"].erase(2);
  result.erase("time_ratio");
  EXPECT_EQ(
      result_table(result),
      "stage                   epochs  top-1 %   loss  sparsity %  theoretical speedup  seconds\n"
      "dense                        2    88.10  0.360           –                    –    812.4\n"
      "pruned (not retrained)       –    10.19  2.900       90.00                6.39×        –\n");
}

TEST(ResultTable, OfAnEmptyResultIsTheHeader) {
  EXPECT_EQ(result_table(nlohmann::json::object()),
            "stage  epochs  top-1 %  loss  sparsity %  theoretical speedup  seconds\n");
}

}  // namespace
}  // namespace pollard
