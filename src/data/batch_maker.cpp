#include "data/batch_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pollard/error.h"

namespace pollard {

EpochOrder epoch_order(const Dataset& dataset, const BatchSettings& settings, std::uint32_t epoch) {
  if (!settings.shuffle) return {epoch, {}};
  return {epoch, permutation(static_cast<std::uint32_t>(dataset.size()), settings.seed,
                             Purpose::Shuffle, epoch)};
}

std::int64_t batch_count(const Dataset& dataset, const BatchSettings& settings) {
  const std::int64_t full = dataset.size() / settings.batch_size;
  const bool rest = dataset.size() % settings.batch_size != 0;
  return full + (rest && !settings.drop_last ? 1 : 0);
}

BatchMaker::BatchMaker(const Dataset& dataset, const BatchSettings& settings)
    : dataset_(dataset),
      settings_(settings),
      transform_(dataset.image_shape(), settings.augmentation, settings.normalization),
      augmented_(settings.augmentation.crop_padding > 0 || settings.augmentation.flip ||
                 settings.augmentation.rotation > 0) {
  if (settings.batch_size < 1) {
    throw Error(ErrorCode::Config, fmt::format("batch size of {}", settings.batch_size),
                "choose 1 or more images a batch");
  }
  if (dataset.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::Config, fmt::format("data set of {} images", dataset.size()),
                "split it: at most 4294967295 images can be put in order");
  }
}

void BatchMaker::make(const EpochOrder& order, std::int64_t index, Batch& batch) {
  const std::int64_t first = index * settings_.batch_size;
  batch.index = index;
  batch.count = std::min(settings_.batch_size, dataset_.size() - first);
  batch.shape = dataset_.image_shape();
  const std::size_t image_size = transform_.image_bytes();
  batch.images.resize(static_cast<std::size_t>(batch.count) * image_size);
  batch.labels.resize(static_cast<std::size_t>(batch.count));
  for (std::int64_t i = 0; i < batch.count; ++i) {
    const auto place = static_cast<std::size_t>(first + i);
    const std::int64_t sample = order.order.empty() ? first + i : std::int64_t{order.order[place]};
    dataset_.read(sample, transform_.input());
    batch.labels[static_cast<std::size_t>(i)] = dataset_.label(sample);
    const auto out =
        std::span(batch.images).subspan(static_cast<std::size_t>(i) * image_size, image_size);
    if (!augmented_) {
      transform_.run_plain(out);
      continue;
    }
    const RandomStream stream(settings_.seed, Purpose::Augmentation, order.epoch,
                              static_cast<std::uint64_t>(sample));
    transform_.run(draw_augmentation(settings_.augmentation, stream), out);
  }
}

}  // namespace pollard
