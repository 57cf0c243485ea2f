#include "experiment/sweep/local_workers.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <list>
#include <utility>

#include "core/child_process.h"
#include "core/interrupt.h"
#include "experiment/sweep/worker_line.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using namespace std::chrono_literals;
// Not the clock on the wall, which people and networks set.
using Clock = std::chrono::steady_clock;

constexpr auto kLook = 200ms;
constexpr auto kBusyPause = 2s;   // before a job that another process works on is tried again
constexpr auto kLastWords = 60s;  // for checkpoints after a signal
constexpr int kMostCrashes = 3;   // of one job
constexpr double kMemoryMargin = 1.15;

struct Worker {
  std::size_t job;
  ChildProcess process;
  WorkerView view;
  Clock::time_point heard;
};

// What is known of a job beside its state.
struct History {
  int attempts = 0, crashes = 0;
  Clock::time_point not_before{};
};

bool is_crash(int status) {
  const int signal = status - 128;
  return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGFPE ||
         signal == SIGILL;
}

// What a worker leaves that ends between the last two steps.
void tidy(const Store& store, const std::string& id) {
  forget_job(store, id);
  store.remove_work(id);
}

class Supervisor {
 public:
  Supervisor(const Store& store, JobQueue& queue, const LocalSettings& settings,
             SweepObserver& observer)
      : store_(store),
        queue_(queue),
        settings_(settings),
        observer_(observer),
        histories_(queue.jobs().size()),
        memory_(settings.memory) {}

  void run() {
    while (true) {
      if (interrupted() != 0) return stop();
      start_workers();
      if (workers_.empty() && !waits_for_others()) break;
      wait();
      look();
    }
  }

 private:
  [[nodiscard]] auto allowed() const {
    return
        [this, now = Clock::now()](std::size_t job) { return histories_[job].not_before <= now; };
  }

  // Jobs that another sweep is busy with.
  [[nodiscard]] bool waits_for_others() const {
    return queue_.next([](std::size_t) { return true; }).has_value();
  }

  void start_workers() {
    while (static_cast<int>(workers_.size()) < settings_.workers && memory_suffices()) {
      const auto job = queue_.next(allowed());
      if (!job) return;
      start(*job);
    }
  }

  // One worker always may; another needs as much as the largest so far took.
  [[nodiscard]] bool memory_suffices() const {
    if (workers_.empty()) return true;
    if (memory_ == 0) return true;
    return static_cast<double>(available_memory()) > kMemoryMargin * static_cast<double>(memory_);
  }

  void start(std::size_t job) {
    const Job& what = queue_.jobs()[job];
    if (store_.holds(what.id)) return set(job, JobState::Done, "by another sweep");
    ++histories_[job].attempts;
    keep_job(store_, what);
    const Clock::time_point now = Clock::now();
    workers_.push_back({job,
                        ChildProcess({.arguments = {settings_.program.string(), "worker",
                                                    store_.folder().string(), what.id},
                                      .environment = {{"OMP_WAIT_POLICY", "passive"}},
                                      .log = settings_.logs / (what.id + ".log")}),
                        {what.id, {.label = what.label, .detail = "starting"}},
                        now});
    set(job, JobState::Running, "");
  }

  void wait() {
    std::vector<pollfd> outputs;
    for (const Worker& worker : workers_) outputs.push_back({worker.process.output(), POLLIN, 0});
    ::poll(outputs.data(), outputs.size(), static_cast<int>(kLook / 1ms));
    // An output that is closed is always ready: no busy waiting for the process behind it.
    for (const pollfd& output : outputs) {
      if ((output.revents & POLLHUP) != 0) {
        ::poll(nullptr, 0, 10);
        break;
      }
    }
  }

  void look() {
    for (Worker& worker : workers_) hear(worker);
    for (auto worker = workers_.begin(); worker != workers_.end();) {
      const auto ending = worker->process.ending();
      if (!ending) {
        ++worker;
        continue;
      }
      memory_ = std::max(memory_, ending->peak_bytes);
      const std::size_t job = worker->job;
      store_.remove_draft(worker->view.job, worker->process.id());
      worker = workers_.erase(worker);
      finish(job, *ending);
    }
    report();
  }

  void report() {
    std::vector<WorkerView> views;
    for (const Worker& worker : workers_) views.push_back(worker.view);
    observer_.on_look(queue_, views);
  }

  void hear(Worker& worker) {
    for (const std::string& line : worker.process.lines()) {
      worker.heard = Clock::now();
      if (auto bar = parse_worker_line(line)) worker.view.bar = std::move(*bar);
    }
    if (Clock::now() - worker.heard > settings_.silence) worker.process.signal(SIGKILL);
  }

  void finish(std::size_t job, const ChildProcess::Ending& ending) {
    const Job& what = queue_.jobs()[job];
    History& history = histories_[job];
    if (store_.holds(what.id)) {
      tidy(store_, what.id);
      return set(job, JobState::Done, "");
    }
    if (ending.status == kWorkerBusy) {
      history.not_before = Clock::now() + kBusyPause;
      --history.attempts;
      return set(job, JobState::Pending, "another process works on it");
    }
    if (ending.killed || ending.status == 128 + SIGINT || ending.status == 128 + SIGTERM ||
        ending.status == 128 + SIGUSR1)
      return interrupt(job, ending.status);
    std::optional<Failure> failure = store_.failure(what.id);
    if (!failure) {
      failure = {fmt::format("its worker ended with status {}", ending.status),
                 "see " + (settings_.logs / (what.id + ".log")).string()};
      store_.write_failure(what.id, *failure);
    }
    set(job, JobState::Failed, failure->error);
  }

  // Back to the queue, unless that happens again and again.
  void interrupt(std::size_t job, int status) {
    History& history = histories_[job];
    if (is_crash(status)) ++history.crashes;
    if (history.crashes < kMostCrashes && history.attempts < settings_.most_attempts)
      return set(job, JobState::Interrupted, fmt::format("signal {}", status - 128));
    const std::string& id = queue_.jobs()[job].id;
    store_.write_failure(id, {fmt::format("its worker was ended by signal {}, in {} attempts",
                                          status - 128, history.attempts),
                              "see " + (settings_.logs / (id + ".log")).string()});
    set(job, JobState::Failed, "its worker dies again and again");
  }

  void set(std::size_t job, JobState state, const std::string& why) {
    queue_.set(job, state);
    observer_.on_state(queue_.jobs()[job], state, why);
  }

  // Every worker writes its checkpoint.
  void stop() {
    for (const Worker& worker : workers_) worker.process.signal(SIGTERM);
    const Clock::time_point end = Clock::now() + kLastWords;
    while (!workers_.empty() && Clock::now() < end) {
      wait();
      look();
    }
    for (const Worker& worker : workers_) set(worker.job, JobState::Interrupted, "killed");
    workers_.clear();
    throw Error(ErrorCode::Interrupted,
                fmt::format("the sweep is interrupted; {} of {} stages are done",
                            queue_.count(JobState::Done), queue_.jobs().size()),
                "start it again to go on");
  }

  const Store& store_;
  JobQueue& queue_;
  const LocalSettings& settings_;
  SweepObserver& observer_;
  std::list<Worker> workers_;
  std::vector<History> histories_;
  std::int64_t memory_;  // of the largest worker so far
};

}  // namespace

void take_states(const Store& store, JobQueue& queue) {
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    const std::string& id = queue.jobs()[i].id;
    std::error_code ignored;
    if (store.holds(id)) {
      queue.set(i, JobState::Done);
    } else if (store.failure(id)) {
      queue.set(i, JobState::Failed);
    } else if (std::filesystem::exists(store.work_folder(id), ignored)) {
      queue.set(i, JobState::Interrupted);
    }
  }
}

void run_locally(const Store& store, JobQueue& queue, const LocalSettings& settings,
                 SweepObserver& observer) {
  std::filesystem::create_directories(settings.logs);
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    if (queue.state(i) == JobState::Done) tidy(store, queue.jobs()[i].id);
  }
  Supervisor(store, queue, settings, observer).run();
}

}  // namespace pollard
