#include "experiment/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/hash.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "graph/graph_hash.h"
#include "graph/select_prunable.h"
#include "method/imp.h"
#include "method/sparsity_target.h"
#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

// The effective settings under these first words that are not at their defaults, as text; what does
// not change results is left out. So are names of files: their content counts. The length of a
// retraining is the stage's own.
std::string settings_text(const Config& config, std::initializer_list<std::string_view> groups) {
  std::string text;
  const bool named = !model_is_a_file(config);
  for (const Parameter& parameter : config.table().all()) {
    const bool counts = parameter.identity && parameter.key != "weights" &&
                        parameter.key != "retrain.epochs" && (named || parameter.key != "model") &&
                        std::ranges::find(groups, group_of(parameter.key)) != groups.end() &&
                        config.value(parameter.key) != parameter.fallback &&
                        config.effective(parameter);
    if (counts) text += parameter.key + "=" + to_text(config.value(parameter.key)) + "\n";
  }
  const bool cached = !config.text("data.cache").empty();
  if (cached && std::ranges::find(groups, "data") != groups.end()) text += "cached pictures\n";
  return text;
}

class Chain {
 public:
  Chain(const Config& config, const Graph& graph, const Origins& origins)
      : config_(config), graph_(graph), origins_(origins) {
    const std::string names = unselected_weights(graph);
    if (!names.empty()) unselected_ = " unselected=" + names;
    if (origins.processes > 1) team_ = fmt::format(" processes={}", origins.processes);
    if (model_is_a_file(config)) network_ = "network=" + graph_hash(graph) + "\n";
  }

  void train() {
    Stage stage{.kind = StageKind::Train, .epochs = dense_epochs(config_)};
    std::string settings =
        network_ + settings_text(config_, {"model", "initialization", "seed", "device",
                                           "channels_last", "fused", "amp", "data", "train"});
    if (prunes_in_training(config_)) {
      settings += settings_text(config_, {"method"});
      settings += "goal=" + to_text(goal()) + unselected_;
    }
    add(std::move(stage), settings);
  }

  // `masked`: the zeros of the weights are masks from here on.
  void import(bool masked) {
    add({.kind = StageKind::Import},
        network_ + settings_text(config_, {"model", "device", "channels_last", "fused", "data"}) +
            origins_.weights + (masked ? " masked" : ""));
  }

  void prune(std::int64_t cycle, double sparsity) {
    Stage stage = prune_stage(cycle, sparsity);
    const std::string& allocation = config_.text("prune.allocation");
    if (is_determined_by_shapes(allocation)) {  // fails here, before anything trains
      (void)layer_counts(allocation, prunable_shapes(graph_), stage.kept);
    }
    std::string settings = "allocation=" + allocation + " kept=" + std::to_string(stage.kept);
    if (allocation == "random") settings += " seed=" + to_text(config_.value("seed"));
    add(std::move(stage), settings + unselected_);
  }

  // What the method's training ended in.
  void prune_by_method() { add(prune_stage(1, goal()), "method"); }

  void retrain(std::int64_t cycle, std::int64_t epochs) {
    if (epochs == 0) return;
    const std::string settings =
        settings_text(config_, {"seed", "device", "channels_last", "fused", "amp", "data", "train",
                                "retrain"}) +
        (wants_drop(config_, cycle, prune_cycles(config_)) ? " discounted" : "") + unselected_;
    const auto of_length = [&settings](std::int64_t length) {
      return settings + " epochs=" + std::to_string(length);
    };
    Stage stage{.kind = StageKind::Retrain, .cycle = cycle, .epochs = epochs};
    if (has_constant_rate(config_.text("retrain.schedule"))) {
      stage.series = id_of(stage, of_length(1));
      for (std::int64_t length = 1; length < epochs; ++length)
        stage.shorter.push_back(id_of(stage, of_length(length)));
    }
    add(std::move(stage), of_length(epochs));
  }

  void recalibrate(std::int64_t cycle, std::string_view after) {
    const std::string& when = config_.text("recalibrate.after");
    if (config_.integer("recalibrate.batches") == 0 || (when != after && when != "both")) return;
    add({.kind = StageKind::Recalibrate, .cycle = cycle},
        settings_text(config_,
                      {"seed", "device", "channels_last", "fused", "data", "recalibrate"}) +
            "batch=" + to_text(config_.value("train.batch_size")));
  }

  // After what pruned: the rest of the cycle.
  void finish_cycle(std::int64_t cycle, std::int64_t epochs) {
    recalibrate(cycle, "prune");
    retrain(cycle, epochs);
    if (epochs > 0) recalibrate(cycle, "retrain");
  }

  std::vector<Stage> take(std::int64_t cycles) {
    for (Stage& stage : stages_) {
      stage.label = stage_name(stage.kind);
      if (stage.cycle > 0 && cycles > 1) {
        stage.label += fmt::format(" {}/{}", stage.cycle, cycles);
      }
    }
    return std::move(stages_);
  }

 private:
  // What the training's method is to reach.
  [[nodiscard]] double goal() const { return sparsity_goal(config_); }

  [[nodiscard]] Stage prune_stage(std::int64_t cycle, double sparsity) const {
    const std::int64_t all = graph_.prunable_weights();
    return {.kind = StageKind::Prune,
            .cycle = cycle,
            .sparsity = sparsity,
            .kept = kept_at(all, sparsity),
            .of = all};
  }

  // Of a stage that comes next.
  [[nodiscard]] std::string id_of(const Stage& stage, const std::string& settings) const {
    return Hasher()
        .add(std::to_string(kSemanticsVersion))
        .add(stage_name(stage.kind))
        .add(settings + team_)
        .add(stages_.empty() ? origins_.data : stages_.back().id)
        .hex();
  }

  void add(Stage stage, const std::string& settings) {
    stage.id = id_of(stage, settings);
    stages_.push_back(std::move(stage));
  }

  const Config& config_;
  const Graph& graph_;
  const Origins& origins_;
  std::string network_;     // what a file's network is; "" for one with a name
  std::string team_;        // "" for one process
  std::string unselected_;  // weights that are not pruned; "" where all may be
  std::vector<Stage> stages_;
};

void require_weights(const Config& config, bool wanted) {
  const bool given = !config.text("weights").empty();
  if (wanted && !given) {
    throw Error(ErrorCode::Config, "weights is empty: there is no network to start from",
                "give weights=FILE.safetensors, or use `pollard run` to train one first");
  }
  if (!wanted && given) {
    throw Error(ErrorCode::Config, "'weights' has no effect on `pollard train`",
                "leave it out, or use `pollard run` to prune and retrain them");
  }
}

// What a method prunes, it prunes while it trains.
void require_one_phase(const Config& config) {
  const std::string method = "train.method=" + config.text("train.method");
  if (!config.text("weights").empty()) {
    throw Error(ErrorCode::Config, method + " has no effect where weights= names a trained network",
                "leave one of them out");
  }
  if (config.integer("prune.cycles") != 1) {
    throw Error(ErrorCode::Config, "prune.cycles has no effect with " + method,
                "leave it out: this method prunes while it trains");
  }
  if (config.text("prune.allocation") != "global") {
    throw Error(ErrorCode::Config, "prune.allocation has no effect with " + method,
                "leave it out: this method chooses the weights itself");
  }
  if (config.integer("train.dense_epochs") > 0) {
    throw Error(ErrorCode::Config, "train.dense_epochs has no effect with " + method,
                "leave it out: there is no dense part of this training");
  }
}

std::vector<double> cycle_sparsities(const Config& config) {
  const double sparsity = config.real("prune.sparsity");
  if (config.integer("prune.cycles") == 0)
    return imp_sparsities_at_rate(sparsity, config.real("prune.rate"));
  return imp_sparsities(sparsity, config.integer("prune.cycles"));
}

}  // namespace

std::int64_t prune_cycles(const Config& config) {
  const std::int64_t cycles = config.integer("prune.cycles");
  if (cycles > 0) return cycles;
  return imp_cycles(config.real("prune.sparsity"), config.real("prune.rate"));
}

std::vector<std::int64_t> retraining_epochs(const Config& config) {
  const std::int64_t cycles = prune_cycles(config), dense = config.integer("train.dense_epochs");
  if (dense == 0)
    return std::vector<std::int64_t>(static_cast<std::size_t>(cycles),
                                     config.integer("retrain.epochs"));
  const std::int64_t left = config.integer("train.epochs") - dense;
  if (left < cycles) {
    throw Error(ErrorCode::Config,
                fmt::format("train.dense_epochs={} leaves {} of {} epochs for {} cycles of "
                            "retraining",
                            dense, std::max<std::int64_t>(left, 0), left + dense, cycles),
                "every cycle needs one at least: lower train.dense_epochs or prune.cycles, or "
                "raise train.epochs");
  }
  std::vector<std::int64_t> epochs(static_cast<std::size_t>(cycles), left / cycles);
  epochs.back() += left % cycles;
  return epochs;
}

std::string_view stage_name(StageKind kind) {
  switch (kind) {
    case StageKind::Train:
      return "train";
    case StageKind::Import:
      return "import";
    case StageKind::Prune:
      return "prune";
    case StageKind::Retrain:
      return "retrain";
    case StageKind::Recalibrate:
      return "recalibrate";
  }
  return "";
}

Settings settings_of(const Config& config, std::span<const Stage> stages, std::size_t last) {
  std::set<std::string_view> groups = {"model",  "weights",       "initialization", "seed",
                                       "device", "channels_last", "fused",          "amp",
                                       "data",   "train",         "method"};
  for (std::size_t i = 0; i <= last; ++i) {
    if (stages[i].kind == StageKind::Prune) groups.insert("prune");
    if (stages[i].kind == StageKind::Retrain) groups.insert("retrain");
    if (stages[i].kind == StageKind::Recalibrate) groups.insert("recalibrate");
  }
  Settings settings;
  for (const Parameter& parameter : config.table().all()) {
    if (parameter.identity && groups.contains(group_of(parameter.key)) &&
        config.effective(parameter))
      settings.emplace(parameter.key, to_text(config.value(parameter.key)));
  }
  return settings;
}

Configuration configuration_of(const Config& config, std::span<const Stage> stages) {
  Configuration configuration{settings_of(config, stages, stages.size() - 1), {}};
  for (const Stage& stage : stages) configuration.stages.push_back(stage.id);
  return configuration;
}

std::vector<Stage> plan_stages(const Config& config, const Graph& graph, ChainKind kind,
                               const Origins& origins) {
  if (kind != ChainKind::Whole) require_weights(config, kind != ChainKind::TrainOnly);
  Chain chain(config, graph, origins);
  if (config.text("weights").empty()) {
    chain.train();
  } else {
    chain.import(kind == ChainKind::RetrainImport);
  }
  const bool by_method = prunes_in_training(config);
  if (by_method) require_one_phase(config);
  if (kind == ChainKind::TrainOnly) {
    if (by_method) chain.prune_by_method();
    return chain.take(1);
  }
  const std::vector<std::int64_t> epochs = retraining_epochs(config);
  if (kind == ChainKind::RetrainImport) {
    if (epochs.back() == 0) {
      throw Error(ErrorCode::Config, "retrain.epochs is 0: there is nothing to do",
                  "give retrain.epochs=N");
    }
    chain.retrain(1, epochs.back());
    chain.recalibrate(1, "retrain");
    return chain.take(1);
  }
  if (by_method) {
    chain.prune_by_method();
    chain.finish_cycle(1, epochs.back());
    return chain.take(1);
  }
  const std::vector<double> sparsities = cycle_sparsities(config);
  const auto cycles = static_cast<std::int64_t>(sparsities.size());
  for (std::int64_t cycle = 1; cycle <= cycles; ++cycle) {
    const auto index = static_cast<std::size_t>(cycle - 1);
    chain.prune(cycle, sparsities[index]);
    chain.finish_cycle(cycle, epochs[index]);
  }
  return chain.take(cycles);
}

void check_retraining(const Config& config, std::span<const Stage> stages,
                      std::int64_t iterations_per_epoch) {
  std::set<std::int64_t> lengths;
  for (const Stage& stage : stages) {
    if (stage.kind == StageKind::Retrain && lengths.insert(stage.epochs).second)
      (void)retrain_rates(config, iterations_per_epoch, stage.epochs);
  }
}

}  // namespace pollard
