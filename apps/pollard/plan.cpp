// `pollard plan`: the stages of a run without running them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "experiment/engine_choice.h"
#include "experiment/parameters.h"
#include "experiment/progress_record.h"
#include "experiment/runner.h"
#include "experiment/setup.h"
#include "experiment/stages.h"
#include "pollard/accounting.h"
#include "pollard/allocation.h"
#include "report/table.h"
#include "sweep_grid.h"
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

// What each weight keeps after the last cycle; nothing where that depends on the weights.
std::vector<std::int64_t> planned_counts(const Config& config, const Graph& graph,
                                         std::span<const Stage> stages) {
  std::vector<std::int64_t> counts;
  const std::string& allocation = config.text("prune.allocation");
  if (prunes_in_training(config) || !is_determined_by_shapes(allocation)) return counts;
  for (const Stage& stage : stages) {
    if (stage.kind == StageKind::Prune)
      counts = layer_counts(allocation, prunable_shapes(graph), stage.kept, counts);
  }
  return counts;
}

// Any masks with these counts: the speedup depends on nothing else.
Sparsity planned_sparsity(const Graph& graph, std::span<const std::int64_t> counts) {
  MaskSet masks = MaskSet::dense(graph);
  for (std::size_t l = 0; l < counts.size(); ++l) {
    std::vector<std::uint8_t>& keep = masks.masks()[l].keep;
    std::fill(keep.begin() + counts[l], keep.end(), std::uint8_t{0});
  }
  return measure_sparsity(graph, masks);
}

std::string layer_table(const Graph& graph, std::span<const std::int64_t> counts) {
  TextTable table{{{"weight to prune", Align::Left},
                   {"shape", Align::Left},
                   {"weights"},
                   {"kept"},
                   {"density %"}},
                  {}};
  const Sparsity sparsity = planned_sparsity(graph, counts);
  const bool known = !counts.empty();
  for (const LayerSparsity& layer : sparsity.layers) {
    const double density = static_cast<double>(layer.kept) / static_cast<double>(layer.of);
    table.rows.push_back({layer.name, to_string(layer.shape), std::to_string(layer.of),
                          known ? std::to_string(layer.kept) : "-",
                          known ? fmt::format("{:.2f}", 100 * density) : "-"});
  }
  return to_text(table) +
         (known ? fmt::format("theoretical speedup {:.2f}\n", sparsity.theoretical_speedup)
                : "theoretical speedup -: which weights go depends on their values\n");
}

}  // namespace

int plan(const Arguments& arguments, Progress& progress) {
  if (is_grid(arguments)) return plan_grid(arguments, progress);
  const Config config = read_config(arguments);
  const DataSplits data = make_data(config, progress);
  require_training_images(config, data);
  const Graph graph = make_graph(config, *data.train);
  const std::string weights =
      config.text("weights").empty() ? "" : import_weights(config, graph).hash;
  const std::int64_t images = data.train->size(), batch = config.integer("train.batch_size");
  const std::int64_t steps = (images + batch - 1) / batch;
  const std::vector<Stage> stages =
      plan_stages(config, graph, ChainKind::Whole, {data.fingerprint, weights});
  check_retraining(config, stages, steps);
  check_engine(config, graph);
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
  for (const Stage& stage : stages) {
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
  fmt::print("\n{} at the end:\n{}",
             prunes_in_training(config) ? config.text("train.method")
                                        : "allocation " + config.text("prune.allocation"),
             layer_table(graph, planned_counts(config, graph, stages)));
  return 0;
}

}  // namespace pollard::app
