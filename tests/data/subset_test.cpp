#include "data/subset.h"

#include <gtest/gtest.h>

#include <set>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

DataSplits splits(std::int64_t count) {
  DataSplits out;
  out.train = std::make_unique<MemoryDataset>(pattern_dataset(count, {3, 2, 2}, 1000));
  out.test = std::make_unique<MemoryDataset>(pattern_dataset(3, {3, 2, 2}, 1000));
  return out;
}

std::vector<std::int64_t> labels(const Dataset& data) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < data.size(); ++i) out.push_back(data.label(i));
  return out;
}

TEST(Subset, ShowsTheImagesAtItsPlaces) {
  const auto whole = std::make_shared<MemoryDataset>(pattern_dataset(9));
  const Subset some(whole, {7, 2});
  EXPECT_EQ(some.size(), 2);
  EXPECT_EQ(some.classes(), 10);
  EXPECT_EQ(some.label(0), 7);
  Bytes here(192), there(192);
  some.read(1, here);
  whole->read(2, there);
  EXPECT_EQ(here, there);
  expect_error(ErrorCode::Internal, "image 2 of a data set of 2", "", [&] { (void)some.label(2); });
}

TEST(HoldOut, SplitsWithoutLossAndKeepsTheOrder) {
  DataSplits split = splits(200);
  hold_out(split, 0.1);
  const std::vector<std::int64_t> train = labels(*split.train), held = labels(*split.validation);
  EXPECT_EQ(held.size(), 20U);
  EXPECT_EQ(train.size(), 180U);
  EXPECT_TRUE(std::ranges::is_sorted(train));
  EXPECT_TRUE(std::ranges::is_sorted(held));
  std::set<std::int64_t> all(train.begin(), train.end());
  all.insert(held.begin(), held.end());
  EXPECT_EQ(all.size(), 200U);
  EXPECT_NE(held.back(), 19);  // not simply the first
  EXPECT_EQ(split.test->size(), 3);
}

TEST(HoldOut, IsTheSameEveryTimeByNumberOrPart) {
  DataSplits a = splits(200), b = splits(200), none = splits(200);
  hold_out(a, 0.1);
  hold_out(b, 20);
  hold_out(none, 0);
  EXPECT_EQ(labels(*a.validation), labels(*b.validation));
  EXPECT_EQ(none.validation, nullptr);
  EXPECT_EQ(none.train->size(), 200);
}

TEST(HoldOut, BothPartsNeedImages) {
  for (const double held_out : {-1.0, 0.001, 0.999, 10.0, 11.0}) {
    DataSplits split = splits(10);
    expect_error(ErrorCode::Config, "from 10 training images", "data.validation",
                 [&] { hold_out(split, held_out); });
  }
}

}  // namespace
}  // namespace pollard
