#include "data/batch_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pollard/error.h"
#include "pollard/random.h"

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

std::pair<std::int64_t, std::int64_t> share_of(std::int64_t count, BatchShare share) {
  // Rounded up: what is too little for all goes to the first ones.
  const auto begin = [&](std::int64_t rank) {
    return (count * rank + share.size - 1) / share.size;
  };
  return {begin(share.rank), begin(share.rank + 1)};
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
  if (settings.share.rank < 0 || settings.share.rank >= settings.share.size) {
    throw Error(ErrorCode::Config, fmt::format("process {} of {} that share batches",
                                               settings.share.rank, settings.share.size));
  }
  if (dataset.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::Config, fmt::format("data set of {} images", dataset.size()),
                "split it: at most 4294967295 images can be put in order");
  }
}

void BatchMaker::make(const EpochOrder& order, std::int64_t index, Batch& batch) {
  const std::int64_t whole = index * settings_.batch_size;
  const auto [from, to] =
      share_of(std::min(settings_.batch_size, dataset_.size() - whole), settings_.share);
  const std::int64_t first = whole + from;
  batch.index = index;
  batch.count = to - from;
  batch.shape = dataset_.image_shape();
  const std::size_t image_size = transform_.image_bytes();
  batch.images.resize(static_cast<std::size_t>(batch.count) * image_size);
  batch.labels.resize(static_cast<std::size_t>(batch.count));
  std::int64_t used = 0;
  for (std::int64_t i = 0; i < batch.count; ++i) {
    const auto place = static_cast<std::size_t>(first + i);
    const std::int64_t sample = order.order.empty() ? first + i : std::int64_t{order.order[place]};
    if (!read(sample, order.epoch)) continue;
    batch.labels[static_cast<std::size_t>(used)] = dataset_.label(sample);
    const auto out =
        std::span(batch.images).subspan(static_cast<std::size_t>(used) * image_size, image_size);
    ++used;
    if (!augmented_) {
      transform_.run_plain(out);
      continue;
    }
    const RandomStream stream(settings_.seed, Purpose::Augmentation, order.epoch,
                              static_cast<std::uint64_t>(sample));
    transform_.run(draw_augmentation(settings_.augmentation, stream), out);
  }
  shorten(batch, used);
}

bool BatchMaker::read(std::int64_t sample, std::uint32_t epoch) {
  const double smallest = settings_.augmentation.smallest_part;
  try {
    if (smallest > 0) {
      const RandomStream chance(settings_.seed, Purpose::Part, epoch,
                                static_cast<std::uint64_t>(sample));
      dataset_.read_part(sample, smallest, chance, transform_.input());
    } else {
      dataset_.read(sample, transform_.input());
    }
    return true;
  } catch (const UnusableImage& error) {
    last_problem_ = error.what();
    return false;
  }
}

// The data set keeps the list of what it could not read.
void BatchMaker::shorten(Batch& batch, std::int64_t used) const {
  if (used == batch.count) return;
  if (used == 0) {
    throw Error(ErrorCode::Input,
                fmt::format("none of the {} images of batch {} can be used: {}", batch.count,
                            batch.index, last_problem_),
                "mend or remove the damaged files");
  }
  batch.count = used;
  batch.images.resize(static_cast<std::size_t>(used) * transform_.image_bytes());
  batch.labels.resize(static_cast<std::size_t>(used));
}

}  // namespace pollard
