// `pollard plan` of a grid: the tree of stages, what is done of it, and what it saves.
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/progress_format.h"
#include "experiment/store/store.h"
#include "experiment/sweep/job_queue.h"
#include "experiment/sweep/local_workers.h"
#include "experiment/sweep_plan.h"
#include "report/table.h"
#include "sweep_grid.h"

namespace pollard::app {
namespace {

// Stages of one kind at one depth of the tree.
struct Level {
  std::string kind;
  std::size_t stages = 0, done = 0;
  std::int64_t epochs = 0, to_go = 0;
};

// Depths along the chains: a retraining that goes on from a shorter one is at its level.
std::vector<Level> levels_of(const SweepPlan& plan, const JobQueue& queue) {
  std::map<std::string, std::size_t> depths;
  for (const Configuration& configuration : plan.configurations) {
    for (std::size_t i = 0; i < configuration.stages.size(); ++i)
      depths.emplace(configuration.stages[i], i);
  }
  std::vector<Level> levels;
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    const Job& job = queue.jobs()[i];
    const std::size_t depth = depths.at(job.id);
    if (levels.size() <= depth) levels.resize(depth + 1);
    Level& level = levels[depth];
    const bool done = queue.state(i) == JobState::Done;
    if (level.kind.find(job.kind) == std::string::npos)
      level.kind += (level.kind.empty() ? "" : ", ") + job.kind;
    ++level.stages;
    level.done += done ? 1 : 0;
    level.epochs += job.epochs;
    level.to_go += done ? 0 : job.epochs;
  }
  return levels;
}

TextTable level_table(const std::vector<Level>& levels) {
  TextTable table{
      {{"level"}, {"stages of", Align::Left}, {"stages"}, {"done"}, {"epochs"}, {"epochs to go"}},
      {}};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    table.rows.push_back({std::to_string(i), level.kind, std::to_string(level.stages),
                          std::to_string(level.done), std::to_string(level.epochs),
                          std::to_string(level.to_go)});
  }
  return table;
}

// Seconds an epoch took where the store has finished stages of this plan; 0 where it has none.
double seconds_an_epoch(const Store& store, const JobQueue& queue) {
  constexpr int kEnough = 50;
  double seconds = 0;
  std::int64_t epochs = 0;
  int looked_at = 0;
  for (std::size_t i = 0; i < queue.jobs().size() && looked_at < kEnough; ++i) {
    const Job& job = queue.jobs()[i];
    if (queue.state(i) != JobState::Done || job.epochs == 0) continue;
    const StageRecord record = store.read(job.id);
    seconds += record.result.value("seconds", 0.0);
    epochs += record.epochs;
    ++looked_at;
  }
  return epochs > 0 ? seconds / static_cast<double>(epochs) : 0;
}

std::string time_to_go(const GridCost& cost, int workers) {
  const double seconds = cost.seconds_to_go(workers);
  if (seconds <= 0) return {};
  return fmt::format(", about {} with {} worker{}, by what epochs took so far",
                     duration_text(seconds), workers, workers == 1 ? "" : "s");
}

void print_cost(const GridCost& cost, int workers) {
  const double share = cost.naive_epochs > 0 ? static_cast<double>(cost.tree_epochs) /
                                                   static_cast<double>(cost.naive_epochs)
                                             : 1;
  fmt::print(
      "\n{} epochs as a tree; {} if every configuration were trained by itself: {:.3f} of "
      "them\n{} epochs to go{}\n",
      cost.tree_epochs, cost.naive_epochs, share, cost.epochs_to_go, time_to_go(cost, workers));
}

}  // namespace

GridCost cost_of(const SweepPlan& plan, const JobQueue& queue, const Store& store) {
  return {.configurations = plan.configurations.size(),
          .stages = queue.jobs().size(),
          .done = queue.count(JobState::Done),
          .tree_epochs = plan.tree_epochs,
          .naive_epochs = plan.naive_epochs,
          .epochs_to_go = plan.tree_epochs - queue.epochs(JobState::Done),
          .seconds_an_epoch = seconds_an_epoch(store, queue)};
}

int plan_grid(const Arguments& arguments, Progress& progress) {
  const SweepSetting setting = read_sweep_setting(arguments);
  const Store store(setting.store);
  const SweepPlan plan = plan_sweep(setting.grid.points, store, PlanFor::Looking, progress);
  JobQueue queue(plan.jobs);
  take_states(store, queue);
  std::set<std::string> final_stages;
  for (const Configuration& configuration : plan.configurations)
    final_stages.insert(configuration.id());
  fmt::print("{}: {} configurations, {} of them different; {} stages, {} done, {} failed\n",
             setting.grid.name, plan.configurations.size(), final_stages.size(),
             queue.jobs().size(), queue.count(JobState::Done), queue.count(JobState::Failed));
  fmt::print("axes:");
  for (const std::string& axis : setting.grid.axes) fmt::print(" {}", axis);
  fmt::print("\nfolder {}, store {}\n\n{}", setting.folder.string(), setting.store.string(),
             to_text(level_table(levels_of(plan, queue))));
  print_cost(cost_of(plan, queue, store), setting.workers);
  return 0;
}

}  // namespace pollard::app
