#include "train/loop.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <csignal>

#include "core/interrupt.h"
#include "core/timing.h"
#include "pollard/error.h"
#include "train/evaluate.h"
#include "train/process_group.h"

namespace pollard {
namespace {

// One stage under way: what the steps share.
class Loop {
 public:
  Loop(Engine& engine, Method& method, BatchLoader& train, BatchLoader& test,
       const LoopSettings& settings, LoopPosition& position, LoopObserver& observer,
       Progress& progress)
      : engine_(engine),
        method_(method),
        train_(train),
        test_(test),
        settings_(settings),
        position_(position),
        observer_(observer),
        progress_(progress),
        steps_(train.batches_per_epoch()),
        seconds_before_(position.seconds) {}

  Meters run() {
    static_cast<void>(engine_.take_meters());
    progress_.begin(settings_.label, settings_.epochs * steps_, steps_done());
    Meters last;
    while (position_.epoch < settings_.epochs) last = epoch();
    progress_.end("");
    return last;
  }

 private:
  Meters epoch() {
    train_.start(static_cast<std::uint32_t>(position_.epoch), position_.step);
    Batch batch;
    while (train_.next(batch)) {
      step(batch);
      look_around();
    }
    read_meters();
    EpochRecord record{position_.epoch + 1,
                       settings_.epochs,
                       steps_done(),
                       last_rate(),
                       position_.totals.mean(),
                       evaluate(engine_, test_),
                       0};
    if (!std::isfinite(record.test.loss))
      fail("the loss on the " + settings_.evaluated + " data", record.test.loss);
    method_.after_epoch({position_.epoch + 1, steps_done(), last_rate()});
    position_ = {position_.epoch + 1, 0, {}, seconds()};
    record.seconds = position_.seconds;
    observer_.on_epoch(record);
    progress_.note(
        fmt::format("{} epoch {}/{}: loss {:.3f}, train top-1 {:.2f} %, {} top-1 {:.2f} %",
                    settings_.label, record.epoch, record.epochs, record.train.loss,
                    record.train.top1, settings_.evaluated, record.test.top1));
    if (position_.epoch < settings_.epochs && wishes().checkpoint) save();
    return record.test;
  }

  void step(const Batch& batch) {
    const std::int64_t index = steps_done();
    engine_.forward_backward(
        batch, {settings_.seed, static_cast<std::uint32_t>(position_.epoch), position_.step});
    const double rate = settings_.rates[static_cast<std::size_t>(index)];
    const TrainingPosition at{position_.epoch, index + 1, rate};
    method_.after_backward(at);
    engine_.share_gradients(method_.parameters());
    sgd_step(engine_.slots(), settings_.sgd, rate);
    sgd_step(method_.parameters(), settings_.sgd, rate);
    ++position_.step;
    method_.after_step(at);
  }

  // Between steps: the loss, the records, the checkpoint, the signals.
  void look_around() {
    const std::int64_t done = steps_done();
    if (done % settings_.meter_interval == 0) read_meters();
    if (done % settings_.record_interval == 0) {
      read_meters();
      observer_.on_step({position_.epoch + 1, done,
                         static_cast<double>(done) / static_cast<double>(steps_), last_rate(),
                         since_record_.mean()});
      since_record_ = {};
    }
    progress_.advance(done, detail_);
    const Wishes now = wishes();
    if (now.signal != 0) {
      save();
      throw Error(ErrorCode::Interrupted,
                  fmt::format("{} interrupted at epoch {}, step {}; a checkpoint is saved",
                              settings_.label, position_.epoch + 1, position_.step),
                  "go on with --resume");
    }
    if (now.checkpoint) save();
  }

  // Clocks and signals differ among processes that share the training: what one wants, all do.
  struct Wishes {
    int signal = 0;
    bool checkpoint = false;
  };
  Wishes wishes() {
    const Wishes own = {interrupted(), observer_.checkpoint_due()};
    if (settings_.group == nullptr) return own;
    std::array<double, 2> all = {static_cast<double>(own.signal), own.checkpoint ? 1.0 : 0.0};
    settings_.group->maximum(all, "the end of a step");
    if (all[0] != 0) set_interrupted(static_cast<int>(all[0]));
    return {static_cast<int>(all[0]), all[1] != 0};
  }

  void read_meters() {
    const Meters meters = engine_.take_meters();
    if (meters.images == 0) return;
    if (!std::isfinite(meters.loss)) fail("the training loss", meters.loss);
    position_.totals.add(meters);
    since_record_.add(meters);
    detail_ = fmt::format("epoch {}/{}  loss {:.3f}  top-1 {:.1f} %", position_.epoch + 1,
                          settings_.epochs, meters.loss, position_.totals.mean().top1);
  }

  void save() {
    read_meters();  // a loss that is not finite must not reach a checkpoint
    position_.seconds = seconds();
    observer_.checkpoint(position_);
  }

  [[noreturn]] void fail(std::string_view what, double value) const {
    throw Error(
        ErrorCode::Numeric,
        fmt::format("{}: {} is {} in epoch {}, by step {}", settings_.label, what, value,
                    position_.epoch + 1, position_.step),
        "the last checkpoint is from before; lower the learning rate, or lengthen the warm-up");
  }

  [[nodiscard]] std::int64_t steps_done() const {
    return position_.epoch * steps_ + position_.step;
  }
  [[nodiscard]] double last_rate() const {
    const std::int64_t done = steps_done();
    return done > 0 ? settings_.rates[static_cast<std::size_t>(done - 1)] : 0;
  }
  [[nodiscard]] double seconds() const { return seconds_before_ + watch_.seconds(); }

  Engine& engine_;
  Method& method_;
  BatchLoader& train_;
  BatchLoader& test_;
  const LoopSettings& settings_;
  LoopPosition& position_;
  LoopObserver& observer_;
  Progress& progress_;
  std::int64_t steps_;
  double seconds_before_;
  Stopwatch watch_;
  EpochTotals since_record_;
  std::string detail_;
};

}  // namespace

void EpochTotals::add(const Meters& meters) {
  const auto count = static_cast<double>(meters.images);
  loss += meters.loss * count;
  top1 += meters.top1 * count;
  top5 += meters.top5 * count;
  images += meters.images;
}

Meters EpochTotals::mean() const {
  if (images == 0) return {};
  const auto count = static_cast<double>(images);
  return {loss / count, top1 / count, top5 / count, images};
}

Meters train_loop(Engine& engine, Method& method, BatchLoader& train, BatchLoader& test,
                  const LoopSettings& settings, LoopPosition& position, LoopObserver& observer,
                  Progress& progress) {
  const std::int64_t steps = settings.epochs * train.batches_per_epoch();
  if (static_cast<std::int64_t>(settings.rates.size()) != steps) {
    throw Error(ErrorCode::Internal,
                fmt::format("{} learning rates for {} steps", settings.rates.size(), steps));
  }
  return Loop(engine, method, train, test, settings, position, observer, progress).run();
}

}  // namespace pollard
