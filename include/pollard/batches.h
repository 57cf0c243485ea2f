// From images to batches: augmentation, normalisation, order, and a loader that works ahead.
//
// A batch is addressed by (seed, epoch, index): its content does not depend on the number of
// threads or on what was read before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/batch.h"
#include "pollard/dataset.h"

namespace pollard {

/// (x / 255 - mean) / stddev, per channel.
struct Normalization {
  std::vector<float> mean, stddev;
};

/// "cifar10", "cifar100", "cifar" (that of CIFAR-10), "imagenet", "fashion-mnist", "mnist", "none"
/// (mean 0, std 1). A one-channel data set with a three-channel name, or the reverse, throws
/// Error{Config}.
[[nodiscard]] Normalization normalization(std::string_view name, std::int64_t channels);
[[nodiscard]] std::vector<std::string> normalization_names();

/// Applied in this order: a random part of the picture at the size of the images, random crop after
/// zero padding, horizontal flip, rotation (nearest pixel, zero fill), each on bytes, as
/// torchvision's usual chain does; then the normalisation.
struct Augmentation {
  std::int64_t crop_padding = 0;  // pixels
  bool flip = false;
  double rotation = 0;       // degrees, uniform in [-rotation, rotation]
  double smallest_part = 0;  // of the picture's area, up to 1; 0: the picture's middle
};

/// Several processes share each batch: the images of one are one after the other in it.
struct BatchShare {
  int rank = 0;
  int size = 1;  // processes
};

struct BatchSettings {
  std::int64_t batch_size = 128;  // of the whole batch, where several processes share it
  bool shuffle = false;           // by (seed, Purpose::Shuffle, epoch)
  bool drop_last = false;         // drop an incomplete last batch
  Augmentation augmentation;
  Normalization normalization;
  std::uint64_t seed = 0;
  int threads = 1;  // that work ahead; 0: batches are made when asked for, on the caller's thread
  /// What this loader makes of each batch: a last one may be too small for all (count 0). Which
  /// images a batch has, and what augmentation does to them, does not depend on it.
  BatchShare share = {};
};

/// The batches of one epoch after another. `dataset` must outlive it. Used from one thread.
class BatchLoader {
 public:
  BatchLoader(const Dataset& dataset, BatchSettings settings);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  [[nodiscard]] std::int64_t batches_per_epoch() const;
  /// Goes to batch `first` of `epoch`; what was prefetched is dropped.
  void start(std::uint32_t epoch, std::int64_t first = 0);
  /// The next batch of the epoch, in order; false at the end. Errors of worker threads are thrown
  /// here.
  bool next(Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pollard
