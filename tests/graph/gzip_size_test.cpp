#include "graph/gzip_size.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pollard {
namespace {

// Expected sizes: `gzip -n -6 | wc -c`.
TEST(GzipSize, IsThatOfGzip) {
  EXPECT_EQ(gzip_size({}), 20U);
  EXPECT_EQ(gzip_size(std::vector<std::byte>(1'000'000)), 1003U);
  std::vector<std::byte> bytes(300'000);
  std::mt19937 random(1);
  for (std::byte& byte : bytes) byte = std::byte(random());
  EXPECT_GE(gzip_size(bytes), bytes.size());  // noise
  EXPECT_LT(gzip_size(bytes), bytes.size() + 200);
}

}  // namespace
}  // namespace pollard
