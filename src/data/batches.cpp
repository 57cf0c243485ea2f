// The loader: threads make batches ahead into a ring of slots, which the caller empties in order.
//
// Batch i lives in slot i mod size, and a thread begins it only when the caller has taken batch
// i - size; so the ring bounds the memory, and taking a batch is a swap with the caller's old one.
#include "pollard/batches.h"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "data/batch_maker.h"
#include "pollard/error.h"

namespace pollard {
namespace {

struct Slot {
  Batch batch;
  bool ready = false;
  std::exception_ptr error;
};

}  // namespace

struct BatchLoader::State {
  State(const Dataset& dataset_in, BatchSettings settings_in)
      : dataset(dataset_in),
        settings(std::move(settings_in)),
        maker(dataset, settings),
        slots(static_cast<std::size_t>(2 * settings.threads + 1)) {}
  ~State();

  void spawn();
  void work(BatchMaker own_maker);
  void make_next(BatchMaker& own_maker, std::unique_lock<std::mutex>& lock);
  void wait_until_idle(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool work_waits() const;
  [[nodiscard]] Slot& slot_of(std::int64_t index) {
    return slots[static_cast<std::size_t>(index) % slots.size()];
  }
  bool make_here(Batch& batch);
  bool take(Batch& batch);

  const Dataset& dataset;
  const BatchSettings settings;
  BatchMaker maker;  // of the caller's thread
  bool started = false;

  std::mutex mutex;  // guards what follows
  std::condition_variable work_changed, slot_ready;
  std::vector<Slot> slots;
  EpochOrder order;                                     // changes only while busy is 0
  std::int64_t next_made = 0, next_taken = 0, end = 0;  // batches of the epoch
  int busy = 0;                                         // threads making a batch
  bool stopping = false;
  std::vector<std::thread> threads;
};

BatchLoader::State::~State() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  work_changed.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void BatchLoader::State::spawn() {
  threads.reserve(static_cast<std::size_t>(settings.threads));
  for (int i = 0; i < settings.threads; ++i) threads.emplace_back(&State::work, this, maker);
}

bool BatchLoader::State::work_waits() const {
  return next_made < end && next_made - next_taken < static_cast<std::int64_t>(slots.size());
}

void BatchLoader::State::work(BatchMaker own_maker) {
  std::unique_lock lock(mutex);
  for (;;) {
    work_changed.wait(lock, [&] { return stopping || work_waits(); });
    if (stopping) return;
    make_next(own_maker, lock);
  }
}

void BatchLoader::State::make_next(BatchMaker& own_maker, std::unique_lock<std::mutex>& lock) {
  const std::int64_t index = next_made++;
  Slot& slot = slot_of(index);
  std::exception_ptr error;
  ++busy;
  lock.unlock();
  try {
    own_maker.make(order, index, slot.batch);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  --busy;
  slot.error = std::move(error);
  slot.ready = true;
  slot_ready.notify_all();
}

void BatchLoader::State::wait_until_idle(std::unique_lock<std::mutex>& lock) {
  next_made = next_taken = end = 0;  // nothing new is begun
  slot_ready.wait(lock, [&] { return busy == 0; });
  for (Slot& slot : slots) {
    slot.ready = false;
    slot.error = nullptr;
  }
}

bool BatchLoader::State::make_here(Batch& batch) {
  if (next_taken == end) return false;
  maker.make(order, next_taken, batch);
  ++next_taken;
  return true;
}

bool BatchLoader::State::take(Batch& batch) {
  std::unique_lock lock(mutex);
  if (next_taken == end) return false;
  Slot& slot = slot_of(next_taken);
  slot_ready.wait(lock, [&] { return slot.ready; });
  if (slot.error) std::rethrow_exception(slot.error);
  std::swap(batch, slot.batch);
  slot.ready = false;
  ++next_taken;
  lock.unlock();
  work_changed.notify_one();
  return true;
}

BatchLoader::BatchLoader(const Dataset& dataset, BatchSettings settings) {
  if (settings.threads < 0) {
    throw Error(ErrorCode::Config, fmt::format("{} loader threads", settings.threads),
                "choose 0 (none works ahead) or more");
  }
  state_ = std::make_unique<State>(dataset, std::move(settings));
  state_->spawn();
}

BatchLoader::~BatchLoader() = default;

std::int64_t BatchLoader::batches_per_epoch() const {
  return batch_count(state_->dataset, state_->settings);
}

void BatchLoader::start(std::uint32_t epoch, std::int64_t first) {
  const std::int64_t count = batches_per_epoch();
  if (first < 0 || first > count) {
    throw Error(
        ErrorCode::Input,
        fmt::format("epoch {} has {} batches, cannot start at batch {}", epoch, count, first),
        "the batch size or the data set is not what it was when the position was saved");
  }
  std::unique_lock lock(state_->mutex);
  state_->wait_until_idle(lock);
  state_->order = epoch_order(state_->dataset, state_->settings, epoch);
  state_->next_made = state_->next_taken = first;
  state_->end = count;
  state_->started = true;
  lock.unlock();
  state_->work_changed.notify_all();
}

bool BatchLoader::next(Batch& batch) {
  if (!state_->started) start(0);
  return state_->settings.threads == 0 ? state_->make_here(batch) : state_->take(batch);
}

}  // namespace pollard
