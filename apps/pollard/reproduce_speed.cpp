#include "reproduce_speed.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "core/files.h"
#include "exec/allocator.h"
#include "experiment/environment.h"
#include "experiment/setup.h"
#include "experiment/store/configuration.h"
#include "pollard/error.h"
#include "pollard/masks.h"
#include "report/paper/measured_speed.h"
#include "speed/speed.h"
#include "train/checkpoint.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// One network is measured beside its pruned forms.
void require_one_model(const Spec& spec, const std::vector<MeasuredRow>& rows) {
  std::set<std::string> models;
  for (const MeasuredRow& row : rows) models.insert(row.row.settings.at("model"));
  if (models.size() == 1) return;
  throw Error(ErrorCode::Config,
              fmt::format("{}: a specification of kind \"speed\" measures one network, here are {}",
                          spec.id, fmt::join(models, ", ")),
              "choose one with where.model");
}

Graph graph_of(const Spec& spec, const Reproduction& reproduction, const std::string& model) {
  const SweepSetting setting = reproduction.setting_of(spec.panels.front().grid);
  for (const Config& point : setting.grid.points) {
    if (point.text("model") == model) return make_graph_alone(point);
  }
  throw Error(ErrorCode::Internal, "no point of the grid has the model of its results");
}

TensorMap weights_of(const Store& store, const Graph& graph, const std::string& stage) {
  Checkpoint state = read_checkpoint(store.state_file(stage));
  if (!state.masks.empty()) apply_masks(MaskSet::from_tensors(graph, state.masks), state.weights);
  return std::move(state.weights);
}

json measure(const std::vector<MeasuredRow>& rows, const Graph& graph, const Store& store,
             Progress& progress) {
  std::vector<PrunedNetwork> networks;
  for (const MeasuredRow& row : rows) {
    const auto goal = setting_number(row.row.settings.at("prune.sparsity"));
    networks.push_back({fmt::format("{} {:g} %", row.line, 100 * goal.value_or(0)), row.line,
                        weights_of(store, graph, row.row.id)});
  }
  const std::string first = read_configuration(store, rows.front().row.id).stages.front();
  json record = measure_speed(graph, weights_of(store, graph, first), networks, {}, progress);
  for (std::size_t i = 0; i < rows.size(); ++i)
    record["networks"][i][kMeasuredConfiguration] = rows[i].row.id;
  return record;
}

}  // namespace

json measured_speed(const Spec& spec, const ProfileResults& results,
                    const Reproduction& reproduction, const Store& store, Progress& progress) {
  const std::vector<MeasuredRow> rows = rows_to_measure(spec, results);
  if (rows.empty()) return {};
  const fs::path file = reproduction.out / (spec.id + ".json");
  json record;
  if (fs::exists(file)) record = json::parse(read_text(file), nullptr, false);
  if (is_record_of(record, rows)) return record;
  if (reproduction.arguments.reproduce.draw) {
    progress.warn(
        fmt::format("{}: '{}' is not of the networks that are finished now: call it "
                    "without --draw to measure them",
                    spec.id, file.string()));
    return {};
  }
  require_one_model(spec, rows);
  require_fast_blas(blas_name());
  keep_freed_memory();
  record = measure(rows, graph_of(spec, reproduction, rows.front().row.settings.at("model")), store,
                   progress);
  write_file(file, record.dump(1) + "\n");
  return record;
}

}  // namespace pollard::app
