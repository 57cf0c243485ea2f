#include "experiment/result.h"

#include <string>

#include "experiment/books.h"
#include "experiment/setup.h"

namespace pollard {

using nlohmann::json;

json sparsity_json(const Sparsity& s) {
  return {{"prunable", s.prunable}, {"model", s.model}, {"kept", s.kept}, {"of", s.of}};
}

namespace {

void add_engine(json& result, const EngineChoice& engine) {
  result["engine"] = engine.name;
  if (engine.torch_ms > 0)
    result["step_ms"] = {{"torch", engine.torch_ms}, {"sparse", engine.sparse_ms}};
  if (!engine.reason.empty()) result["engine_reason"] = engine.reason;
}

}  // namespace

json train_result(const Stage& stage, std::string_view method,
                  const std::optional<EngineChoice>& engine, double seconds, const Meters& test) {
  json result = {{"kind", "train"},        {"id", stage.id},     {"method", method},
                 {"epochs", stage.epochs}, {"seconds", seconds}, {"test", to_json(test)}};
  if (engine) add_engine(result, *engine);
  return result;
}

json import_result(const Stage& stage, std::string_view weights, double seconds,
                   const Meters& test) {
  return {{"kind", "import"},
          {"id", stage.id},
          {"weights", weights},
          {"seconds", seconds},
          {"test", to_json(test)}};
}

json prune_result(const Stage& stage, const PruneRule& rule, const Sparsity& sparsity,
                  double seconds, double before, const Meters& test) {
  json layers = json::array();
  for (const LayerSparsity& layer : sparsity.layers) {
    layers.push_back({{"name", layer.name},
                      {"kept", layer.kept},
                      {"of", layer.of},
                      {"multiply_adds", layer.multiply_adds}});
  }
  json result = {{"kind", "prune"},
                 {"id", stage.id},
                 {"cycle", stage.cycle},
                 {"criterion", rule.criterion},
                 {"allocation", rule.allocation},
                 {"requested_sparsity", stage.sparsity},
                 {"sparsity", sparsity_json(sparsity)},
                 {"theoretical_speedup", sparsity.theoretical_speedup},
                 {"seconds", seconds},
                 {"test", to_json(test)},
                 {"layers", layers}};
  if (before > 0) result["stability"] = test.top1 / before;
  return result;
}

json recalibrate_result(const Stage& stage, std::int64_t batches, double seconds,
                        const json& before, const Meters& test) {
  return {{"kind", "recalibrate"}, {"id", stage.id},   {"cycle", stage.cycle}, {"batches", batches},
          {"seconds", seconds},    {"before", before}, {"test", to_json(test)}};
}

json retrain_result(const Stage& stage, std::string_view schedule, const EngineChoice& engine,
                    const Sparsity& sparsity, double seconds, const Meters& test) {
  json result = {{"kind", "retrain"},
                 {"id", stage.id},
                 {"cycle", stage.cycle},
                 {"schedule", schedule},
                 {"epochs", stage.epochs},
                 {"seconds", seconds},
                 {"test", to_json(test)},
                 {"sparsity", sparsity_json(sparsity)},
                 {"theoretical_speedup", sparsity.theoretical_speedup}};
  add_engine(result, engine);
  return result;
}

const json* last_pruning(const json& stages) {
  const json* found = nullptr;
  for (const json& stage : stages) {
    if (stage["kind"] == "prune") found = &stage;
  }
  return found;
}

std::optional<PruneDrop> drop_of_pruning(const json& stages, bool prunable_only) {
  const char* key = prunable_only ? "norm_drop_prunable" : "norm_drop";
  const json* pruned = last_pruning(stages);
  if (pruned == nullptr || !pruned->contains(key)) return {};
  return PruneDrop{(*pruned)[key], (*pruned)["step_sparsity"]};
}

// IMP fits dense training and retraining into the regular length, IMP+ retrains on top of it
// (methods.md 2.2).
std::string procedure(const Config& config) {
  if (prunes_in_training(config)) return config.text("train.method");
  return config.integer("train.dense_epochs") > 0 ? "IMP" : "IMP+";
}

namespace {

// Of the whole dense training, from the part of it that ran. 0: no dense training ran.
double dense_seconds(const Config& config, const json& stages) {
  double seconds = 0;
  for (const json& stage : stages) {
    if (stage["kind"] == "train" && stage["method"] == "dense")
      seconds += stage.value("seconds", 0.0);
  }
  const auto epochs = static_cast<double>(config.integer("train.epochs"));
  return seconds * epochs / static_cast<double>(dense_epochs(config));
}

}  // namespace

json as_validation(json stages, const json& test) {
  for (json& stage : stages) {
    if (!stage.contains("test")) continue;
    stage["validation"] = stage["test"];
    stage.erase("test");
  }
  if (!test.is_null() && !stages.empty()) stages.back()["test"] = test;
  return stages;
}

json run_result(const Config& config, std::string_view status, const json& stages) {
  json result = {{"format", 1},
                 {"status", status},
                 {"model", config.text("model")},
                 {"dataset", config.text("data")},
                 {"seed", config.integer("seed")},
                 {"procedure", procedure(config)},
                 {"stages", stages}};
  // Time of all phases over that of dense training, on the same machine (methods.md 2.6).
  double total = 0;
  for (const json& stage : stages) total += stage.value("seconds", 0.0);
  if (const double dense = dense_seconds(config, stages); dense > 0)
    result["time_ratio"] = total / dense;
  return result;
}

}  // namespace pollard
