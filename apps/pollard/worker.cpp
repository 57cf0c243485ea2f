// `pollard worker STORE ID`: runs one stage of a sweep and adds it to the store. For sweeps and
// their launchers rather than for people: its progress goes to stdout as a line of JSON every
// second or so, which is also its sign of life.
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/folder_lock.h"
#include "core/interrupt.h"
#include "core/timing.h"
#include "exec/allocator.h"
#include "experiment/sweep/job.h"
#include "experiment/sweep/worker_line.h"
#include "experiment/sweep_plan.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {
namespace {

using namespace std::chrono_literals;
constexpr auto kBeat = 1s;

// Tells the bar as it stands; notes and warnings go where the log is.
class TellingProgress final : public Progress {
 public:
  explicit TellingProgress(Progress& log) : log_(log), teller_([this] { tell(); }) {}
  ~TellingProgress() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    teller_.join();
  }
  TellingProgress(const TellingProgress&) = delete;
  TellingProgress& operator=(const TellingProgress&) = delete;

  void note(std::string_view message) override { log_.note(message); }
  void warn(std::string_view message) override { log_.warn(message); }
  void begin(std::string_view label, std::int64_t total, std::int64_t done) override {
    const std::lock_guard lock(mutex_);
    bar_ = {std::string(label), total, done, done, 0, ""};
    watch_ = Stopwatch();
  }
  void advance(std::int64_t done, std::string_view detail) override {
    const std::lock_guard lock(mutex_);
    bar_.done = done;
    bar_.elapsed = watch_.seconds();
    bar_.detail = detail;
  }
  void end(std::string_view) override {}

 private:
  void tell() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kBeat, [this] { return over_; })) {
      const std::string text = worker_line(bar_);
      // Nobody may listen any more: then there is nobody to tell.
      static_cast<void>(::write(STDOUT_FILENO, text.data(), text.size()));
    }
  }

  Progress& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  BarState bar_;
  Stopwatch watch_;
  std::thread teller_;
};

}  // namespace

int worker(const Arguments& arguments, Progress& progress) {
  catch_interrupts();
  keep_freed_memory();
  const Store store(arguments.file);
  const std::string& id = arguments.stage;
  if (!is_stage_id(id)) throw Error(ErrorCode::Usage, "'" + id + "' is no id of a stage");
  if (store.holds(id)) return 0;
  try {
    const Job job = read_job(store, id);
    store.forget_failure(id);
    TellingProgress telling(progress);
    run_job(job, store, telling);
  } catch (const FolderBusy& error) {
    progress.warn(error.what());
    return kWorkerBusy;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Interrupted)
      store.write_failure(id, {error.what(), error.hint()});
    throw;
  } catch (const std::exception& error) {
    store.write_failure(id, {error.what(), ""});
    throw;
  }
  forget_job(store, id);
  return 0;
}

}  // namespace pollard::app
