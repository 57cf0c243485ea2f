// The training loop: batches in, steps out, for every method and every engine.
//
// It keeps no state of its own: LoopPosition says where it stands, and with the engine's state, the
// velocity, the masks and the method's state it can go on from there bit for bit.
#pragma once

#include <cstdint>
#include <span>

#include "pollard/batches.h"
#include "pollard/engine.h"
#include "pollard/method.h"
#include "pollard/progress.h"
#include "pollard/sgd.h"

namespace pollard {

class ProcessGroup;

struct LoopSettings {
  std::string label = "train";     // of the progress bar and of errors
  std::string evaluated = "test";  // what `test` is: the test set, or held-out images
  std::int64_t epochs = 0;
  std::span<const double> rates;  // one an iteration: epochs * batches per epoch
  SgdSettings sgd;
  std::uint64_t seed = 0;
  std::int64_t meter_interval = 10;   // steps between looks at the loss (each waits for the device)
  std::int64_t record_interval = 50;  // steps between StepRecords
  /// That share the training, or null. A signal to one of them stops all, after a checkpoint; a
  /// checkpoint is due in all as soon as it is in one.
  ProcessGroup* group = nullptr;
};

/// Sums of the training meters over the epoch under way.
struct EpochTotals {
  double loss = 0, top1 = 0, top5 = 0;  // weighted by images
  std::int64_t images = 0;

  void add(const Meters& meters);
  [[nodiscard]] Meters mean() const;
};

struct LoopPosition {
  std::int64_t epoch = 0;  // epochs finished
  std::int64_t step = 0;   // steps finished of the present epoch
  EpochTotals totals;
  double seconds = 0;  // wall-clock so far
};

struct StepRecord {
  std::int64_t epoch = 0;  // the present one, from 1
  std::int64_t step = 0;   // of the stage, from 1
  double position = 0;     // epochs done
  double rate = 0;         // that the step used
  Meters train;            // since the last record
};

struct EpochRecord {
  std::int64_t epoch = 0, epochs = 0;  // the one finished, from 1
  std::int64_t step = 0;               // of the stage
  double rate = 0;                     // of its last step
  Meters train, test;
  double seconds = 0;  // of the stage so far
};

/// Who keeps the books.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  virtual void on_step(const StepRecord&) {}
  virtual void on_epoch(const EpochRecord&) {}
  /// Asked after every step: is it time?
  [[nodiscard]] virtual bool checkpoint_due() { return false; }
  virtual void checkpoint(const LoopPosition&) {}
};

/// Runs from `position` to the end and returns the last evaluation on `test`. `position` is kept up
/// to date. Throws Error{Numeric} as soon as the loss is seen not to be finite (before any further
/// checkpoint), Error{Interrupted} after a checkpoint if a signal came.
Meters train_loop(Engine& engine, Method& method, BatchLoader& train, BatchLoader& test,
                  const LoopSettings& settings, LoopPosition& position, LoopObserver& observer,
                  Progress& progress);

}  // namespace pollard
