#include "train/evaluate.h"

namespace pollard {

Meters evaluate(Engine& engine, BatchLoader& loader) {
  return evaluate(engine, loader, silent_progress());
}

Meters evaluate(Engine& engine, BatchLoader& loader, Progress& progress) {
  progress.begin("evaluate", loader.batches_per_epoch(), 0);
  static_cast<void>(engine.take_meters());
  loader.start(0);
  Batch batch;
  std::int64_t done = 0;
  while (loader.next(batch)) {
    engine.evaluate(batch);
    progress.advance(++done, "");
  }
  progress.end("");
  return engine.take_meters();
}

}  // namespace pollard
