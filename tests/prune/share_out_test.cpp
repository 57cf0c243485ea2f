#include "prune/share_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pollard/error.h"
#include "prune/expect_error.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Counts = std::vector<std::int64_t>;

TEST(ShareOut, GivesTheLargestRemaindersOneMore) {
  // 7 * 5 / 10 = 3.5, 7 * 3 / 10 = 2.1, 7 * 2 / 10 = 1.4
  EXPECT_THAT(share_out(7, {5, 3, 2}, Counts{9, 9, 9}), ElementsAre(4, 2, 1));
  // 2.5, 1.5, 1: two equal remainders, one to give
  EXPECT_THAT(share_out(5, {5, 3, 2}, Counts{9, 9, 9}), ElementsAre(3, 1, 1));
  EXPECT_THAT(share_out(5, {3, 5, 2}, Counts{9, 9, 9}), ElementsAre(2, 2, 1));
  EXPECT_THAT(share_out(11, {1, 1, 1}, Counts{9, 9, 9}), ElementsAre(4, 4, 3));
}

TEST(ShareOut, SharesTheExcessOfWhatIsFull) {
  // 8 of the 10 for the first, which takes 4; then 6 for two.
  EXPECT_THAT(share_out(10, {8, 1, 1}, Counts{4, 9, 9}), ElementsAre(4, 3, 3));
  // 6, 3, 1; the first takes 2, and of the 8 left 6 are for the second, which takes 2.
  EXPECT_THAT(share_out(10, {6, 3, 1}, Counts{2, 2, 9}), ElementsAre(2, 2, 6));
  EXPECT_THAT(share_out(3, {7, 1}, Counts{0, 5}), ElementsAre(0, 3));
  EXPECT_THAT(share_out(13, {6, 3, 1}, Counts{2, 2, 9}), ElementsAre(2, 2, 9));
}

TEST(ShareOut, WithoutWeightGoesByRoom) {
  // 2 to the first; 3 for rooms of 4 and 8: 1 and 2.
  EXPECT_THAT(share_out(5, {1, 0, 0}, Counts{2, 4, 8}), ElementsAre(2, 1, 2));
  EXPECT_THAT(share_out(2, {1, 0, 0}, Counts{2, 4, 8}), ElementsAre(2, 0, 0));
}

TEST(ShareOut, IsExactBeyondDoublesAndProductsOf64Bits) {
  constexpr std::int64_t k = 1'000'000'000'000'000'000;
  EXPECT_THAT(share_out(3 * k - 2, {k, k, k}, Counts{2 * k, 2 * k, 2 * k}),
              ElementsAre(k, k - 1, k - 1));
}

TEST(ShareOut, OfNothing) {
  EXPECT_THAT(share_out(0, {}, Counts{}), IsEmpty());
  EXPECT_THAT(share_out(0, {1, 2}, Counts{3, 3}), ElementsAre(0, 0));
}

TEST(ShareOut, RefusesWhatDoesNotFit) {
  EXPECT_ERROR((void)share_out(7, {1, 2}, Counts{3, 3}), ErrorCode::Internal, "room for 6");
  EXPECT_ERROR((void)share_out(-1, {1, 2}, Counts{3, 3}), ErrorCode::Internal, "-1");
}

}  // namespace
}  // namespace pollard
