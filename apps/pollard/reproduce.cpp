// `pollard reproduce`: figures and tables of the paper from their specifications and grids. Grids
// are run one after another in the order of the items, and an item is drawn as soon as its own are
// done, so that what is finished can be looked at while the rest runs.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/files.h"
#include "core/interrupt.h"
#include "core/progress_format.h"
#include "experiment/sweep/grid_results.h"
#include "experiment/sweep/local_workers.h"
#include "many_runs.h"
#include "pollard/error.h"
#include "report/paper/grid_results.h"
#include "report/table.h"
#include "reproduce_files.h"
#include "reproduce_speed.h"
#include "reproduction.h"
#include "sweep_run.h"
#include "verbs.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;

std::size_t seeds_in(const Grid& grid) {
  std::set<std::int64_t> seeds;
  for (const Config& point : grid.points) seeds.insert(point.integer("seed"));
  return seeds.size();
}

// Runs, or with --draw reads, grids as items want them, each once.
class Grids {
 public:
  Grids(const Reproduction& reproduction, Progress& progress)
      : reproduction_(reproduction),
        progress_(progress),
        results_{.profile = reproduction.profile, .without_effect = without_effect()} {}

  void provide(const std::string& grid) { take(grid, reproduction_.arguments.reproduce.draw); }
  // Only what is there of it.
  void look_up(const std::string& grid) { take(grid, true); }

  [[nodiscard]] const ProfileResults& results() const { return results_; }
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  // What is wrong with one grid (no data, a folder that another process works in) holds up only
  // what it is for.
  void take(const std::string& grid, bool only_there) {
    if (!seen_.insert(grid).second || !fs::exists(reproduction_.grid_file(grid))) return;
    try {
      const SweepSetting setting = reproduction_.setting_of(grid);
      std::vector<ResultRow> rows = rows_of(setting, only_there);
      std::set<std::string> conditions = conditions_of(rows, Store(setting.store));
      results_.grids[grid] = {.rows = std::move(rows),
                              .wanted = setting.grid.points.size(),
                              .seeds = seeds_in(setting.grid),
                              .conditions = std::move(conditions)};
    } catch (const Error& error) {
      const std::vector<std::string> wanted = reproduction_.grids();
      if (error.code() == ErrorCode::Interrupted || wanted == std::vector{grid}) throw;
      progress_.warn(fmt::format("{} is left out: {}", grid, one_line(error)));
      if (std::ranges::count(wanted, grid) > 0) whole_ = false;
    }
  }

  std::vector<ResultRow> rows_of(const SweepSetting& setting, bool only_there) {
    if (only_there) {
      const Store store(setting.store);
      const SweepPlan plan = plan_sweep(setting.grid.points, store, PlanFor::Looking, progress_);
      return grid_results(store, plan.configurations, setting.grid.variants);
    }
    SweepOutcome outcome = run_sweep(setting, reproduction_.arguments, progress_);
    whole_ = whole_ && outcome.whole();
    return std::move(outcome.rows);
  }

  const Reproduction& reproduction_;
  Progress& progress_;
  ProfileResults results_;
  std::set<std::string> seen_;
  bool whole_ = true;
};

GridCost plan_of(const SweepSetting& setting, const Store& store, Progress& progress) {
  const SweepPlan plan = plan_sweep(setting.grid.points, store, PlanFor::Looking, progress);
  JobQueue queue(plan.jobs);
  take_states(store, queue);
  return cost_of(plan, queue, store);
}

// Costs of several grids, in columns.
struct CostLine {
  std::size_t configurations = 0, stages = 0, done = 0;
  std::int64_t epochs_to_go = 0;
  double seconds = 0;

  CostLine& operator+=(const CostLine& other) {
    configurations += other.configurations;
    stages += other.stages;
    done += other.done;
    epochs_to_go += other.epochs_to_go;
    seconds += other.seconds;
    return *this;
  }
  [[nodiscard]] std::vector<std::string> cells(const std::string& item,
                                               const std::string& grids) const {
    return {item,
            grids,
            std::to_string(configurations),
            std::to_string(stages),
            std::to_string(done),
            std::to_string(epochs_to_go),
            seconds > 0 ? duration_text(seconds) : "-"};
  }
};

CostLine line_of(const SweepSetting& setting, const Store& store, Progress& progress) {
  const GridCost cost = plan_of(setting, store, progress);
  return {cost.configurations, cost.stages, cost.done, cost.epochs_to_go,
          cost.seconds_to_go(setting.workers)};
}

// A line an item: grids that several items share count for the first of them.
int print_plan(const Reproduction& reproduction, Progress& progress) {
  const Store store(reproduction.store);
  TextTable table{{{"item", Align::Left},
                   {"grids", Align::Left},
                   {"configurations"},
                   {"stages"},
                   {"done"},
                   {"epochs to go"},
                   {"time"}},
                  {}};
  std::set<std::string> seen;
  CostLine total;
  for (const Spec& spec : reproduction.items) {
    CostLine own;
    std::vector<std::string> names;
    for (const std::string& grid : spec.grids) {
      const bool there = fs::exists(reproduction.grid_file(grid));
      names.push_back(there ? grid : grid + " (not in this profile)");
      if (there && seen.insert(grid).second)
        own += line_of(reproduction.setting_of(grid), store, progress);
    }
    table.rows.push_back(own.cells(spec.id, fmt::format("{}", fmt::join(names, ", "))));
    total += own;
  }
  table.rows.push_back(total.cells("together", ""));
  fmt::print(
      "profile {}, store {}\n\n{}\nGrids that several items share count for the first of "
      "them; times by what epochs of the same grid took so far.\n",
      reproduction.profile, reproduction.store.string(), to_text(table));
  return 0;
}

TextTable item_table(const std::vector<WrittenItem>& items) {
  TextTable table{{{"item", Align::Left}, {"", Align::Left}, {"files", Align::Left}}, {}};
  for (const WrittenItem& item : items) {
    table.rows.push_back({item.id, std::string(mark_text(item.mark)),
                          fmt::format("{}", fmt::join(item.files, " "))});
  }
  return table;
}

// The grids of items that were written before.
void look_up_others(const OverviewRows& there, std::span<const std::string> ids,
                    const Reproduction& reproduction, Grids& grids) {
  for (const std::string& id : ids) {
    if (!there.contains(id)) continue;
    for (const std::string& grid : reproduction.spec(id).grids) grids.look_up(grid);
  }
}

}  // namespace

int reproduce(const Arguments& arguments, Progress& progress) {
  const Reproduction reproduction = read_reproduction(arguments);
  if (arguments.reproduce.plan) return print_plan(reproduction, progress);
  catch_interrupts();
  make_writable_folder(reproduction.out);
  const Store store(reproduction.store);
  Grids grids(reproduction, progress);
  const std::vector<std::string> ids = spec_ids(reproduction.paper);
  const OverviewRows there = rows_there(reproduction.out, reproduction.profile);
  std::vector<WrittenItem> written;
  for (const Spec& spec : reproduction.items) {
    for (const std::string& grid : spec.grids) grids.provide(grid);
    const nlohmann::json measured =
        spec.kind == SpecKind::Speed
            ? measured_speed(spec, grids.results(), reproduction, store, progress)
            : nlohmann::json();
    written.push_back(write_item(spec, grids.results(), store, reproduction.out, measured));
    write_overview(written, there, ids, grids.results(), reproduction.out);
    progress.note(fmt::format("{}: {}, {}", spec.id, mark_text(written.back().mark),
                              (reproduction.out / written.back().files.front()).string()));
  }
  look_up_others(there, ids, reproduction, grids);  // for the claims
  write_overview(written, there, ids, grids.results(), reproduction.out);
  fmt::print("{}\n{}\n", to_text(item_table(written)), (reproduction.out / "README.md").string());
  return grids.whole() ? 0 : 1;
}

}  // namespace pollard::app
