// The content of one batch, as a function of (seed, epoch, index) alone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/augment.h"
#include "pollard/batches.h"

namespace pollard {

/// The images of an epoch in order of use; `order` is empty where that is the order of the data
/// set.
struct EpochOrder {
  std::uint32_t epoch = 0;
  std::vector<std::uint32_t> order;
};

[[nodiscard]] EpochOrder epoch_order(const Dataset& dataset, const BatchSettings& settings,
                                     std::uint32_t epoch);
[[nodiscard]] std::int64_t batch_count(const Dataset& dataset, const BatchSettings& settings);
/// Which of the `count` images of a batch are whose: from, to. Shares differ by one image at most.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> share_of(std::int64_t count, BatchShare share);

/// Makes batches; each thread has its own. The data set and the settings must outlive it.
class BatchMaker {
 public:
  /// Throws Error{Config} where the settings do not fit the data set.
  BatchMaker(const Dataset& dataset, const BatchSettings& settings);
  /// Fills `batch`, using the memory it has. Unusable images are left out: the batch is smaller.
  /// Throws Error{Input} where none is left of those that belong to it.
  void make(const EpochOrder& order, std::int64_t index, Batch& batch);

 private:
  bool read(std::int64_t sample, std::uint32_t epoch);
  void shorten(Batch& batch, std::int64_t used) const;

  const Dataset& dataset_;
  const BatchSettings& settings_;
  ImageTransform transform_;
  bool augmented_;
  std::string last_problem_;
};

}  // namespace pollard
