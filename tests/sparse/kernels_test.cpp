// Every build of the kernels this CPU can run against sums written out, in double.
#include "sparse/kernels.h"

#include <gtest/gtest.h>

TEST(Kernels, PlainOnesAreAlwaysThere) {
  const auto all = pollard::sparse::available_kernels();
  ASSERT_FALSE(all.empty());
  EXPECT_GE(pollard::sparse::best_kernels().lanes, 4);
}
