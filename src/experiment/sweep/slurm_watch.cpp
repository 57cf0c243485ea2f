#include "experiment/sweep/slurm_watch.h"

#include <fmt/format.h>

#include <thread>
#include <vector>

#include "core/interrupt.h"
#include "experiment/sweep/slurm.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::chrono::milliseconds kNap(100);

// Until the next look, or a signal.
void wait(std::chrono::milliseconds interval) {
  for (std::chrono::milliseconds waited(0); waited < interval && interrupted() == 0; waited += kNap)
    std::this_thread::sleep_for(kNap);
}

}  // namespace

void run_on_slurm(const Store& store, JobQueue& queue, const std::filesystem::path& sweep_folder,
                  const SlurmOptions& options, std::chrono::milliseconds interval,
                  SweepObserver& observer) {
  SlurmLauncher launcher(store, sweep_folder, {queue.jobs().begin(), queue.jobs().end()}, options);
  while (true) {
    const std::vector<JobStatus>& statuses = launcher.update();
    std::vector<WorkerView> running;
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      const Job& job = queue.jobs()[i];
      const bool changed = queue.state(i) != statuses[i].state;
      queue.set(i, statuses[i].state);
      if (changed) observer.on_state(job, statuses[i].state, statuses[i].reason);
      if (statuses[i].state == JobState::Running) {
        running.emplace_back().job = job.id;
        running.back().bar.label = job.label;
      }
    }
    observer.on_look(queue, running);
    if (launcher.finished()) return;
    if (interrupted() != 0) {
      throw Error(ErrorCode::Interrupted,
                  fmt::format("{} of {} stages are done; the jobs stay with Slurm",
                              queue.count(JobState::Done), queue.jobs().size()),
                  "start the sweep again to watch them, or end them with scancel");
    }
    wait(interval);
  }
}

}  // namespace pollard
