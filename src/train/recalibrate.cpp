#include "train/recalibrate.h"

#include <algorithm>

namespace pollard {

std::int64_t recalibrate(Engine& engine, BatchLoader& loader, std::int64_t batches,
                         Progress& progress) {
  const std::int64_t total = std::min(batches, loader.batches_per_epoch());
  progress.begin("recalibrate", total, 0);
  loader.start(0);
  Batch batch;
  for (std::int64_t k = 1; k <= total && loader.next(batch); ++k) {
    engine.observe_statistics(batch, 1 / static_cast<double>(k));
    progress.advance(k, "");
  }
  progress.end("");
  return total;
}

}  // namespace pollard
