// `pollard plan`: the stages of a run without running them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "experiment/parameters.h"
#include "experiment/progress_record.h"
#include "experiment/runner.h"
#include "experiment/setup.h"
#include "experiment/stages.h"
#include "report/table.h"
#include "train/checkpoint.h"
#include "verbs.h"

namespace pollard::app {
namespace {

// Stages that a checkpoint in the run's folder has behind it.
std::set<std::string> finished_stages(const std::filesystem::path& folder, Progress& progress) {
  std::set<std::string> done;
  const auto checkpoint = load_checkpoint(folder / "checkpoints", progress);
  if (!checkpoint) return done;
  const ProgressRecord record = decode_progress(checkpoint->progress);
  for (std::size_t i = 0; i < record.stage && i < record.stage_ids.size(); ++i)
    done.insert(record.stage_ids[i]);
  return done;
}

std::string sparsity_cell(const Stage& stage) {
  if (stage.kind != StageKind::Prune) return "";
  return fmt::format("{:.2f}",
                     100 * (1 - static_cast<double>(stage.kept) / static_cast<double>(stage.of)));
}

}  // namespace

int plan(const Arguments& arguments, Progress& progress) {
  const Config config = read_config(arguments);
  const DataSplits data = make_data(config);
  const Graph graph = make_graph(config, *data.train);
  const std::string weights =
      config.text("weights").empty() ? "" : import_weights(config, graph).hash;
  const std::int64_t images = data.train->size(), batch = config.integer("train.batch_size");
  const std::int64_t steps = (images + batch - 1) / batch;
  static_cast<void>(retrain_rates(config, steps));  // settings that contradict each other fail here
  const std::filesystem::path folder =
      run_folder_path(config, arguments.config_file, ChainKind::Whole);
  const std::set<std::string> done = finished_stages(folder, progress);

  TextTable table{{{"stage", Align::Left},
                   {"id", Align::Left},
                   {"epochs"},
                   {"steps"},
                   {"kept"},
                   {"sparsity %"},
                   {"state", Align::Left}},
                  {}};
  for (const Stage& stage : plan_stages(config, graph, ChainKind::Whole, weights)) {
    const bool trains = stage.epochs > 0, prunes = stage.kind == StageKind::Prune;
    table.rows.push_back({stage.label, stage.id.substr(0, 12),
                          trains ? std::to_string(stage.epochs) : "",
                          trains ? std::to_string(stage.epochs * steps) : "",
                          prunes ? std::to_string(stage.kept) : "", sparsity_cell(stage),
                          done.contains(stage.id) ? "done" : "to do"});
  }
  fmt::print("{} on {}: {} training images, {} steps an epoch\n", graph.name(), config.text("data"),
             images, steps);
  fmt::print("{} parameters, {} prunable; {} multiply-adds an image\n", graph.parameter_count(),
             graph.prunable_weights(), multiply_adds(graph));
  fmt::print("folder {}\n\n{}", folder.string(), to_text(table));
  return 0;
}

}  // namespace pollard::app
