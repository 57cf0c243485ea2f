#include "report/contrast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/result_rows.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::row_of;
using test::sample_rows;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

const KeySet kIgnored = {"seed", "out"};
const Contrast kSchedules{"retrain.schedule", "ft", "slr"};

// By hand: 1.0, 0.9 and 1.1 at 0.9; 1.5 and 0.5 at 0.95, where the third seed has no partner.
TEST(Contrast, PairsRunsOfOneSeed) {
  const std::vector<PairedGroup> groups =
      contrast_results(sample_rows(), kSchedules, "top1", kIgnored);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].settings, (Settings{{"model", "resnet56"}, {"prune.sparsity", "0.9"}}));
  ASSERT_EQ(groups[0].pairs.size(), 3u);
  EXPECT_EQ(groups[0].pairs[1].seed, "2");
  EXPECT_EQ(groups[0].pairs[1].a, 91.2);
  EXPECT_EQ(groups[0].pairs[1].b, 92.1);
  EXPECT_NEAR(groups[0].mean_a, 91.2, 1e-12);
  EXPECT_NEAR(groups[0].mean_b, 92.2, 1e-12);
  EXPECT_NEAR(groups[0].difference.difference.mean, 1.0, 1e-12);
  EXPECT_NEAR(*groups[0].difference.difference.std, 0.1, 1e-12);
  EXPECT_EQ(groups[0].difference.p, 0.25);
  EXPECT_NEAR(groups[0].difference.interval->low, 0.9, 1e-9);
  ASSERT_EQ(groups[1].pairs.size(), 2u);
  EXPECT_NEAR(groups[1].difference.difference.mean, 1.0, 1e-12);
  EXPECT_NEAR(groups[1].mean_b, 90.25, 1e-12);  // of the pairs, not of all
}

// What one method has and the other has not does not keep them apart.
TEST(Contrast, PassesOverKeysOfOneSide) {
  const std::vector<ResultRow> rows = {
      row_of({{"m", "a"}, {"a.only", "1"}, {"seed", "1"}}, {{"top1", 90}}),
      row_of({{"m", "b"}, {"b.only", "2"}, {"seed", "1"}}, {{"top1", 91}})};
  const auto groups = contrast_results(rows, {"m", "a", "b"}, "top1", kIgnored);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].pairs.size(), 1u);
  EXPECT_FALSE(groups[0].difference.interval);
}

TEST(Contrast, AsksWhereARunHasSeveralPartners) {
  const std::vector<ResultRow> rows = {
      row_of({{"m", "a"}, {"seed", "1"}}, {{"top1", 90}}),
      row_of({{"m", "b"}, {"b.only", "2"}, {"out", "x"}, {"seed", "1"}}, {{"top1", 91}}),
      row_of({{"m", "b"}, {"b.only", "3"}, {"out", "y"}, {"seed", "1"}}, {{"top1", 92}})};
  const Error error = thrown_by([&] {
    (void)contrast_results(rows, {"m", "a", "b"}, "top1", kIgnored);
  });
  EXPECT_EQ(error.code(), ErrorCode::Usage);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("m=b"), HasSubstr("seed 1")));
  EXPECT_EQ(error.hint(), "choose by b.only");
}

TEST(Contrast, OfNoPairsIsAnError) {
  const std::vector<ResultRow> rows = {row_of({{"m", "a"}, {"seed", "1"}}, {{"top1", 90}}),
                                       row_of({{"m", "b"}, {"seed", "2"}}, {{"top1", 91}}),
                                       row_of({{"m", "b"}, {"seed", "1"}}, {{"loss", 1}})};
  EXPECT_THAT(thrown_by([&] {
                (void)contrast_results(rows, {"m", "a", "b"}, "top1", kIgnored);
              }).what(),
              AllOf(HasSubstr("1 runs with m=a have top1"), HasSubstr("1 with m=b")));
}

}  // namespace
}  // namespace pollard
