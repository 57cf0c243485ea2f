#include "data/batch_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

BatchSettings plain_settings(std::int64_t batch_size) {
  BatchSettings settings;
  settings.batch_size = batch_size;
  settings.normalization = normalization("none", 3);
  settings.seed = 5;
  return settings;
}

TEST(BatchCount, CountsTheIncompleteLastBatchUnlessDropped) {
  const MemoryDataset data = pattern_dataset(10);
  BatchSettings settings = plain_settings(4);
  EXPECT_EQ(batch_count(data, settings), 3);
  settings.drop_last = true;
  EXPECT_EQ(batch_count(data, settings), 2);
  settings.batch_size = 5;
  EXPECT_EQ(batch_count(data, settings), 2);
  settings.batch_size = 11;
  EXPECT_EQ(batch_count(data, settings), 0);
  settings.drop_last = false;
  EXPECT_EQ(batch_count(data, settings), 1);
}

TEST(EpochOrder, IsThePermutationOfSeedAndEpoch) {
  const MemoryDataset data = pattern_dataset(50);
  BatchSettings settings = plain_settings(4);
  EXPECT_TRUE(epoch_order(data, settings, 3).order.empty());
  settings.shuffle = true;
  EXPECT_EQ(epoch_order(data, settings, 3).order, permutation(50, 5, Purpose::Shuffle, 3));
}

TEST(BatchMaker, PutsImagesAndLabelsInOrder) {
  const MemoryDataset data = pattern_dataset(10);
  const BatchSettings settings = plain_settings(4);
  BatchMaker maker(data, settings);
  Batch batch;
  maker.make({0, {}}, 2, batch);
  EXPECT_EQ(batch.index, 2);
  EXPECT_EQ(batch.count, 2);
  EXPECT_EQ(batch.shape, data.image_shape());
  EXPECT_EQ(batch.labels, (std::vector<std::int64_t>{8, 9}));
  Bytes pixels(192);
  ASSERT_EQ(batch.images.size(), 2 * pixels.size());
  data.read(9, pixels);
  for (std::size_t i = 0; i < 192; ++i) {
    EXPECT_FLOAT_EQ(batch.images[192 + i], static_cast<float>(pixels[i]) / 255.0F);
  }
}

// Augmentation belongs to the image, not to its place in the epoch.
TEST(BatchMaker, AugmentsAnImageAlikeWhereverItComes) {
  const MemoryDataset data = pattern_dataset(12, {3, 8, 8}, 12);
  BatchSettings settings = plain_settings(4);
  settings.augmentation = {.crop_padding = 2, .flip = true, .rotation = 30};
  const auto by_label = [&](bool shuffle, std::uint32_t epoch) {
    settings.shuffle = shuffle;
    BatchMaker maker(data, settings);
    std::map<std::int64_t, std::vector<float>> images;
    for (std::int64_t b = 0; b < 3; ++b) {
      Batch batch;
      maker.make(epoch_order(data, settings, epoch), b, batch);
      for (std::size_t i = 0; i < 4; ++i) {
        const auto begin = batch.images.begin() + static_cast<std::ptrdiff_t>(192 * i);
        images[batch.labels[i]].assign(begin, begin + 192);
      }
    }
    return images;
  };
  EXPECT_EQ(by_label(false, 1).size(), 12U);
  EXPECT_EQ(by_label(false, 1), by_label(true, 1));
  EXPECT_NE(by_label(false, 1), by_label(false, 2));
}

TEST(BatchMaker, RejectsBadSettings) {
  const MemoryDataset data = pattern_dataset(3);
  for (const std::int64_t size : {0, -4}) {
    expect_error(ErrorCode::Config, "batch size of", "",
                 [&, settings = plain_settings(size)] { BatchMaker(data, settings); });
  }
}

// What several processes make of each batch is the batch, one share after the other.
TEST(BatchMaker, SharesMakeTheWholeBatch) {
  const MemoryDataset data = pattern_dataset(10);
  BatchSettings settings = plain_settings(4);
  settings.shuffle = true;
  settings.augmentation = {.crop_padding = 2, .flip = true};
  const EpochOrder order = epoch_order(data, settings, 1);
  BatchMaker whole_maker(data, settings);
  for (const int size : {2, 3, 5}) {
    for (std::int64_t index = 0; index < 3; ++index) {
      Batch whole, joined;
      whole_maker.make(order, index, whole);
      for (int rank = 0; rank < size; ++rank) {
        BatchSettings own = settings;
        own.share = {rank, size};
        BatchMaker maker(data, own);
        Batch part;
        maker.make(order, index, part);
        EXPECT_EQ(part.index, index);
        EXPECT_EQ(part.labels.size(), static_cast<std::size_t>(part.count));
        EXPECT_TRUE(rank > 0 || part.count > 0);
        joined.images.insert(joined.images.end(), part.images.begin(), part.images.end());
        joined.labels.insert(joined.labels.end(), part.labels.begin(), part.labels.end());
      }
      EXPECT_EQ(joined.images, whole.images);
      EXPECT_EQ(joined.labels, whole.labels);
    }
  }
}

}  // namespace
}  // namespace pollard
