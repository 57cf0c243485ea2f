#include "exec/meters.h"

#include <gtest/gtest.h>

#include <limits>

#include "exec/tensors.h"

namespace pollard {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// The meters of one image with these scores and this label.
Meters of_one(std::vector<float> scores, std::int64_t label) {
  MeterSums sums(at::kCPU);
  const auto classes = static_cast<std::int64_t>(scores.size());
  sums.add(at::zeros({}), at::tensor(scores).reshape({1, classes}),
           at::full({1}, label, at::TensorOptions().dtype(at::kLong)));
  return sums.take();
}

TEST(Meters, CountHits) {
  EXPECT_EQ(of_one({1, 5, 3}, 1).top1, 100);
  EXPECT_EQ(of_one({1, 5, 3}, 2).top1, 0);
  EXPECT_EQ(of_one({1, 5, 3}, 2).top5, 100);
  const std::vector<float> falling{9, 8, 7, 6, 5, 4, 3};
  EXPECT_EQ(of_one(falling, 4).top5, 100);
  EXPECT_EQ(of_one(falling, 5).top5, 0);
}

TEST(Meters, AmongEqualsTheSmallerIndexCountsAsHigher) {
  EXPECT_EQ(of_one({2, 2, 1}, 0).top1, 100);
  EXPECT_EQ(of_one({2, 2, 1}, 1).top1, 0);
  const std::vector<float> equal(7, 0.5F);  // a network that says nothing hits 1 and 5 of n
  EXPECT_EQ(of_one(equal, 0).top1, 100);
  EXPECT_EQ(of_one(equal, 1).top1, 0);
  EXPECT_EQ(of_one(equal, 4).top5, 100);
  EXPECT_EQ(of_one(equal, 5).top5, 0);
}

TEST(Meters, ScoresThatAreNotFiniteNeverHit) {
  EXPECT_EQ(of_one({kNan, 1, 2}, 0).top5, 0);
  EXPECT_EQ(of_one({kNan, kNan, kNan}, 0).top5, 0);
  EXPECT_EQ(of_one({kInf, 1, 2}, 0).top5, 0);
  EXPECT_EQ(of_one({-kInf, 1, 2}, 0).top5, 0);
}

TEST(Meters, WeighBatchesByTheirImagesAndStartAnew) {
  MeterSums sums(at::kCPU);
  const at::Tensor right = at::tensor({9.0F, 0.0F}).reshape({1, 2});
  const at::Tensor zero = at::zeros({1}, at::TensorOptions().dtype(at::kLong));
  sums.add(at::full({}, 1.0F), right.expand({3, 2}), zero.expand({3}));
  sums.add(at::full({}, 5.0F), right, zero + 1);
  const Meters meters = sums.take();
  EXPECT_EQ(meters.images, 4);
  EXPECT_DOUBLE_EQ(meters.loss, 2);  // (3 * 1 + 5) / 4
  EXPECT_DOUBLE_EQ(meters.top1, 75);
  EXPECT_DOUBLE_EQ(meters.top5, 100);
  const Meters empty = sums.take();
  EXPECT_EQ(empty.images, 0);
  EXPECT_EQ(empty.loss, 0);
  EXPECT_EQ(empty.top1, 0);
}

TEST(Meters, KeepALossThatIsNotFinite) {
  MeterSums sums(at::kCPU);
  sums.add(at::full({}, kNan), at::zeros({1, 2}), at::zeros({1}, at::kLong));
  EXPECT_TRUE(std::isnan(sums.take().loss));
}

}  // namespace
}  // namespace pollard
