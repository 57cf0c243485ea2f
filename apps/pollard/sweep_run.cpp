#include "sweep_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/folder_lock.h"
#include "core/interrupt.h"
#include "core/progress_format.h"
#include "core/timing.h"
#include "experiment/parameters.h"
#include "experiment/store/configuration.h"
#include "experiment/sweep/grid.h"
#include "experiment/sweep/grid_results.h"
#include "experiment/sweep/job_book.h"
#include "experiment/sweep/local_workers.h"
#include "experiment/sweep/slurm_watch.h"
#include "experiment/sweep/sweep_view.h"
#include "experiment/sweep_plan.h"
#include "pollard/error.h"
#include "report/sweep_table.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kSlurmInterval(3);

// Keeps the book and draws the table.
class Observer final : public SweepObserver {
 public:
  Observer(JobBook& book, SweepView& view, const JobQueue& queue)
      : book_(book), view_(view), queue_(queue) {}
  void on_state(const Job& job, JobState state, const std::string& why) override {
    book_.set(job.id, state, why);
    view_.on_state(job, state, why, queue_);
  }
  void on_look(const JobQueue& queue, const std::vector<WorkerView>& workers) override {
    if (beat_.seconds() > 5) {
      std::vector<std::string> running;
      for (const WorkerView& worker : workers) running.push_back(worker.job);
      book_.beat(running);
      beat_ = Stopwatch();
    }
    view_.on_look(queue, workers);
  }

 private:
  JobBook& book_;
  SweepView& view_;
  const JobQueue& queue_;
  Stopwatch beat_;
};

void forget_failures(const Store& store, JobQueue& queue) {
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    if (queue.state(i) != JobState::Failed) continue;
    store.forget_failure(queue.jobs()[i].id);
    queue.set(i, JobState::Pending);
  }
}

// Names the first few of those that failed and what waits for them.
void tell_failures(const Store& store, const JobQueue& queue, Progress& progress) {
  constexpr std::size_t kMostNamed = 10;
  std::size_t failed = 0, blocked = 0;
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    const Job& job = queue.jobs()[i];
    if (queue.is_blocked(i)) ++blocked;
    if (queue.state(i) != JobState::Failed || ++failed > kMostNamed) continue;
    const Failure why = store.failure(job.id).value_or(Failure{"unknown", ""});
    progress.warn(fmt::format("{} {} failed: {}{}", job.id.substr(0, 12), job.label, why.error,
                              why.hint.empty() ? "" : " (" + why.hint + ")"));
  }
  if (failed == 0) return;
  progress.warn(
      fmt::format("{} stage{} failed and {} behind them cannot run; --retry-failed tries "
                  "them again",
                  failed, failed == 1 ? "" : "s", blocked));
}

// What the sweep is, for `report` and people: what it was started with, and which configurations.
void write_description(const fs::path& folder, const Grid& grid, const SweepPlan& plan,
                       const Store& store) {
  nlohmann::json configurations = nlohmann::json::array();
  for (const Configuration& configuration : plan.configurations)
    configurations.push_back(configuration.id());
  write_file(folder / "sweep.json", nlohmann::json{{"format", 1},
                                                   {"name", grid.name},
                                                   {"store", fs::absolute(store.folder()).string()},
                                                   {"axes", grid.axes},
                                                   {"variants", grid.variants},
                                                   {"configurations", configurations}}
                                            .dump(1) +
                                        "\n");
}

void run_jobs(const SweepOptions& options, const SweepSetting& setting, const Store& store,
              JobQueue& queue, SweepObserver& observer) {
  if (options.launcher == "local") {
    return run_locally(store, queue,
                       {.program = "/proc/self/exe",  // this very one, though its file be replaced
                        .logs = setting.folder / "logs",
                        .workers = setting.workers},
                       observer);
  }
  SlurmOptions slurm = options.slurm;
  slurm.program = fs::read_symlink("/proc/self/exe");
  slurm.cpus_per_task = setting.threads;
  run_on_slurm(store, queue, setting.folder, slurm, kSlurmInterval, observer);
}

}  // namespace

SweepOutcome run_sweep(const SweepSetting& setting, const Arguments& arguments,
                       Progress& progress) {
  const Store store(setting.store);
  make_writable_folder(setting.folder);
  const FolderLock lock(setting.folder, "that sweep is still running; out=DIR starts another");
  const SweepPlan plan = plan_sweep(setting.grid.points, store, PlanFor::Running, progress);
  make_writable_folder(store.folder());
  for (const Configuration& configuration : plan.configurations)
    keep_configuration(store, configuration);
  write_description(setting.folder, setting.grid, plan, store);

  JobQueue queue(plan.jobs);
  take_states(store, queue);
  if (arguments.sweeps.retry_failed) forget_failures(store, queue);
  progress.note(fmt::format(
      "{}: {} configurations, {} stages, {} of them done; {} of {} epochs "
      "to train, {} if each were trained by itself; {}",
      setting.grid.name, plan.configurations.size(), plan.jobs.size(), queue.count(JobState::Done),
      plan.tree_epochs - queue.epochs(JobState::Done), plan.tree_epochs, plan.naive_epochs,
      arguments.sweeps.launcher == "local" ? fmt::format("{} workers", setting.workers)
                                           : "on Slurm"));
  JobBook book(setting.folder / "jobs.sqlite", queue, progress);
  {
    SweepView view(console_on(stderr, arguments.quiet ? Verbosity::Quiet : Verbosity::Normal),
                   setting.grid.name);
    Observer observer(book, view, queue);
    run_jobs(arguments.sweeps, setting, store, queue, observer);
  }
  SweepOutcome outcome{.rows = grid_results(store, plan.configurations, setting.grid.variants),
                       .stages = queue.jobs().size(),
                       .done = queue.count(JobState::Done)};
  write_file(setting.folder / "results.csv", to_csv(sweep_table(outcome.rows, setting.grid.axes)));
  write_file(setting.folder / "results.json", sweep_json(outcome.rows).dump(1) + "\n");
  tell_failures(store, queue, progress);
  return outcome;
}

}  // namespace pollard::app
