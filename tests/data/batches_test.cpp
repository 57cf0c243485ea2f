#include "pollard/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

BatchSettings augmented(int threads) {
  BatchSettings settings;
  settings.batch_size = 7;
  settings.shuffle = true;
  settings.augmentation = {.crop_padding = 2, .flip = true, .rotation = 20};
  settings.normalization = normalization("cifar10", 3);
  settings.seed = 11;
  settings.threads = threads;
  return settings;
}

bool same(const Batch& a, const Batch& b) {
  return a.index == b.index && a.count == b.count && a.shape == b.shape && a.images == b.images &&
         a.labels == b.labels;
}

std::vector<Batch> rest_of_epoch(BatchLoader& loader) {
  std::vector<Batch> batches;
  for (Batch batch; loader.next(batch);) batches.push_back(batch);
  return batches;
}

std::vector<Batch> epoch(BatchLoader& loader, std::uint32_t number, std::int64_t first = 0) {
  loader.start(number, first);
  return rest_of_epoch(loader);
}

// Fails at one image, and can be slow.
class TroubledDataset final : public Dataset {
 public:
  explicit TroubledDataset(std::int64_t bad, std::chrono::milliseconds pause = {})
      : bad_(bad), pause_(pause) {}
  [[nodiscard]] std::int64_t size() const override { return 40; }
  [[nodiscard]] std::int64_t classes() const override { return 40; }
  [[nodiscard]] ImageShape image_shape() const override { return {3, 2, 2}; }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override { return index; }
  void read(std::int64_t index, std::span<std::uint8_t> out) const override {
    reads_.fetch_add(1);
    std::this_thread::sleep_for(pause_);
    if (index == bad_) throw std::runtime_error("image " + std::to_string(index) + " is bad");
    std::ranges::fill(out, static_cast<std::uint8_t>(index));
  }
  [[nodiscard]] int reads() const { return reads_.load(); }

 private:
  std::int64_t bad_;
  std::chrono::milliseconds pause_;
  mutable std::atomic<int> reads_{0};
};

BatchSettings in_order(std::int64_t batch_size, int threads) {
  BatchSettings settings;
  settings.batch_size = batch_size;
  settings.normalization = normalization("none", 3);
  settings.threads = threads;
  return settings;
}

TEST(BatchLoader, BatchesDoNotDependOnTheNumberOfThreads) {
  const MemoryDataset data = pattern_dataset(150);
  BatchLoader reference(data, augmented(0));
  for (const int threads : {1, 2, 4}) {
    BatchLoader loader(data, augmented(threads));
    for (const std::uint32_t number : {0U, 1U, 9U}) {
      const std::vector<Batch> expected = epoch(reference, number), got = epoch(loader, number);
      ASSERT_EQ(expected.size(), 22U);
      EXPECT_TRUE(std::ranges::equal(expected, got, same))
          << threads << " threads, epoch " << number;
    }
  }
}

class LoaderThreads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, LoaderThreads, testing::Values(0, 1, 2, 4));

TEST_P(LoaderThreads, AnEpochHasEveryImageOnceInAnotherOrderEachTime) {
  const MemoryDataset data = pattern_dataset(40, {3, 8, 8}, 40);
  BatchLoader loader(data, augmented(GetParam()));
  std::set<std::vector<std::int64_t>> orders;
  for (std::uint32_t number = 0; number < 3; ++number) {
    std::vector<std::int64_t> labels;
    for (const Batch& batch : epoch(loader, number)) {
      labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
    }
    orders.insert(labels);
    std::ranges::sort(labels);
    ASSERT_EQ(labels.size(), 40U);
    for (std::int64_t i = 0; i < 40; ++i) EXPECT_EQ(labels[static_cast<std::size_t>(i)], i);
  }
  EXPECT_EQ(orders.size(), 3U);
}

TEST_P(LoaderThreads, StartGoesToAnyBatchAtAnyTime) {
  const MemoryDataset data = pattern_dataset(150);
  BatchLoader loader(data, augmented(GetParam()));
  const std::vector<Batch> all = epoch(loader, 4);
  for (const std::size_t first : {21, 0, 7, 22, 13}) {
    const std::vector<Batch> rest = epoch(loader, 4, static_cast<std::int64_t>(first));
    EXPECT_TRUE(std::ranges::equal(std::span(all).subspan(first), rest, same)) << first;
  }
  Batch batch;
  for (std::size_t i = 0; i < 22; ++i) {  // restarted in the middle, with batches under way
    loader.start(5);
    ASSERT_TRUE(loader.next(batch));
    loader.start(4, static_cast<std::int64_t>(i));
    ASSERT_TRUE(loader.next(batch));
    EXPECT_TRUE(same(batch, all[i])) << i;
  }
  for (int i = 0; i < 50; ++i) loader.start(6, i % 20);
  loader.start(4);
  EXPECT_TRUE(std::ranges::equal(all, rest_of_epoch(loader), same));
}

TEST_P(LoaderThreads, BeginsWithEpochZero) {
  const MemoryDataset data = pattern_dataset(30);
  BatchLoader loader(data, augmented(GetParam())), other(data, augmented(0));
  EXPECT_TRUE(std::ranges::equal(rest_of_epoch(loader), epoch(other, 0), same));
}

TEST_P(LoaderThreads, TheEndStaysTheEnd) {
  const MemoryDataset data = pattern_dataset(10);
  BatchLoader loader(data, in_order(4, GetParam()));
  const std::vector<Batch> batches = epoch(loader, 0);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2].count, 2);
  EXPECT_EQ(batches[2].images.size(), 2U * 192);
  Batch batch = batches[0];
  EXPECT_FALSE(loader.next(batch));
  EXPECT_FALSE(loader.next(batch));
  EXPECT_TRUE(same(batch, batches[0]));
}

TEST_P(LoaderThreads, DropsTheIncompleteLastBatch) {
  const MemoryDataset data = pattern_dataset(10);
  BatchSettings settings = in_order(4, GetParam());
  settings.drop_last = true;
  BatchLoader loader(data, settings);
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  const std::vector<Batch> batches = epoch(loader, 0);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[1].count, 4);
}

TEST_P(LoaderThreads, ErrorsComeInTheirPlaceAndStay) {
  const TroubledDataset data(17);
  BatchLoader loader(data, in_order(4, GetParam()));
  loader.start(0);
  Batch batch;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(loader.next(batch));
  for (int i = 0; i < 2; ++i) {
    try {
      loader.next(batch);
      ADD_FAILURE() << "no error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "image 17 is bad");
    }
  }
  loader.start(0, 5);  // behind the bad image
  EXPECT_EQ(rest_of_epoch(loader).size(), 5U);
}

TEST_P(LoaderThreads, GoesWhileBatchesAreUnderWay) {
  const TroubledDataset data(-1, std::chrono::milliseconds(1));
  BatchLoader loader(data, in_order(4, GetParam()));
  loader.start(0);
  Batch batch;
  EXPECT_TRUE(loader.next(batch));
}

TEST_P(LoaderThreads, GoesWithAnErrorNobodySaw) {
  const TroubledDataset data(0);
  BatchLoader loader(data, in_order(4, GetParam()));
  loader.start(0);
  while (GetParam() > 0 && data.reads() == 0) std::this_thread::yield();
}

TEST_P(LoaderThreads, WorksAheadWithinItsBoundAndRecyclesMemory) {
  const MemoryDataset data = pattern_dataset(150);
  BatchLoader loader(data, augmented(GetParam()));
  std::set<const float*> buffers;
  Batch batch;
  for (std::uint32_t number = 0; number < 3; ++number) {
    loader.start(number);
    while (loader.next(batch)) buffers.insert(batch.images.data());
  }
  // The ring's and the caller's.
  EXPECT_LE(buffers.size(), static_cast<std::size_t>(2 * GetParam() + 2));
}

TEST(BatchLoader, StopsWorkingAheadWhenTheRingIsFull) {
  const TroubledDataset data(-1);
  BatchLoader loader(data, in_order(1, 1));
  loader.start(0);
  while (data.reads() < 3) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(data.reads(), 3);
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  while (data.reads() < 4) std::this_thread::yield();
}

TEST(BatchLoader, EmptyDataHasNoBatches) {
  const MemoryDataset data({3, 2, 2}, 1, {}, {});
  BatchLoader loader(data, in_order(4, 2));
  EXPECT_EQ(loader.batches_per_epoch(), 0);
  EXPECT_TRUE(epoch(loader, 0).empty());
}

TEST(BatchLoader, RejectsPlacesAndSettingsThatCannotBe) {
  const MemoryDataset data = pattern_dataset(10);
  BatchLoader loader(data, in_order(4, 1));
  expect_error(ErrorCode::Input, "epoch 2 has 3 batches, cannot start at batch 4", "batch size",
               [&] { loader.start(2, 4); });
  expect_error(ErrorCode::Input, "cannot start at batch -1", "batch size",
               [&] { loader.start(2, -1); });
  expect_error(ErrorCode::Config, "-1 loader threads", "",
               [&] { BatchLoader(data, in_order(4, -1)); });
  expect_error(ErrorCode::Config, "batch size of 0", "",
               [&] { BatchLoader(data, in_order(0, 1)); });
}

}  // namespace
}  // namespace pollard
