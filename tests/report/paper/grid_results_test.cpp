#include "report/paper/grid_results.h"

#include <gtest/gtest.h>

namespace pollard {
namespace {

TEST(MarkOf, ClaimsNoMoreThanWasFinished) {
  EXPECT_EQ(mark_of("paper", 3, 3), Mark::Reproduced);
  EXPECT_EQ(mark_of("paper", 3, 0), Mark::Reproduced);
  EXPECT_EQ(mark_of("paper", 2, 3), Mark::Incomplete);
  EXPECT_EQ(mark_of("quick", 3, 3), Mark::ScaledDown);
  EXPECT_EQ(mark_of("paper", 0, 3), Mark::Missing);
  EXPECT_EQ(mark_of("quick", 0, 0), Mark::Missing);
}

TEST(Weakest, IsTheLeastOfAll) {
  using enum Mark;
  EXPECT_EQ(weakest({Reproduced, Reproduced}), Reproduced);
  EXPECT_EQ(weakest({Reproduced, Incomplete}), Incomplete);
  EXPECT_EQ(weakest({Reproduced, Missing}), Incomplete);
  EXPECT_EQ(weakest({ScaledDown, Missing}), ScaledDown);
  EXPECT_EQ(weakest({Missing, Missing}), Missing);
  EXPECT_EQ(weakest({}), Missing);
}

}  // namespace
}  // namespace pollard
