#include "experiment/result.h"

#include "experiment/books.h"

namespace pollard {

using nlohmann::json;

json sparsity_json(const Sparsity& s) {
  return {{"prunable", s.prunable}, {"model", s.model}, {"kept", s.kept}, {"of", s.of}};
}

json train_result(const Stage& stage, std::string_view method, double seconds, const Meters& test) {
  return {{"kind", "train"},        {"id", stage.id},     {"method", method},
          {"epochs", stage.epochs}, {"seconds", seconds}, {"test", to_json(test)}};
}

json import_result(const Stage& stage, std::string_view weights, double seconds,
                   const Meters& test) {
  return {{"kind", "import"},
          {"id", stage.id},
          {"weights", weights},
          {"seconds", seconds},
          {"test", to_json(test)}};
}

json prune_result(const Stage& stage, std::string_view allocation, const Sparsity& sparsity,
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
                 {"criterion", "magnitude"},
                 {"allocation", allocation},
                 {"requested_sparsity", stage.sparsity},
                 {"sparsity", sparsity_json(sparsity)},
                 {"theoretical_speedup", sparsity.theoretical_speedup},
                 {"seconds", seconds},
                 {"test", to_json(test)},
                 {"layers", layers}};
  if (before > 0) result["stability"] = test.top1 / before;
  return result;
}

json retrain_result(const Stage& stage, std::string_view schedule, const Sparsity& sparsity,
                    double seconds, const Meters& test) {
  return {{"kind", "retrain"},
          {"id", stage.id},
          {"cycle", stage.cycle},
          {"schedule", schedule},
          {"epochs", stage.epochs},
          {"seconds", seconds},
          {"test", to_json(test)},
          {"sparsity", sparsity_json(sparsity)},
          {"theoretical_speedup", sparsity.theoretical_speedup}};
}

json run_result(const Config& config, std::string_view status, const json& stages) {
  json result = {{"format", 1},
                 {"status", status},
                 {"model", config.text("model")},
                 {"dataset", config.text("data")},
                 {"seed", config.integer("seed")},
                 {"stages", stages}};
  // Time of all phases over that of dense training, on the same machine (methods.md 2.6).
  double total = 0, dense = 0;
  for (const json& stage : stages) {
    total += stage.value("seconds", 0.0);
    if (stage["kind"] == "train") dense += stage.value("seconds", 0.0);
  }
  if (dense > 0) result["time_ratio"] = total / dense;
  return result;
}

}  // namespace pollard
