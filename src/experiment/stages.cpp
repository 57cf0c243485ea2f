#include "experiment/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/hash.h"
#include "graph/select_prunable.h"
#include "method/imp.h"
#include "pollard/allocation.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// The effective settings under these first words, as text; what does not change results is left
// out.
std::string settings_text(const Config& config, std::initializer_list<std::string_view> groups) {
  std::string text;
  for (const Parameter& parameter : config.table().all()) {
    const std::string_view first =
        std::string_view(parameter.key).substr(0, parameter.key.find('.'));
    const bool counts =
        parameter.identity && parameter.key != "weights" && parameter.key != "threads" &&
        std::ranges::find(groups, first) != groups.end() && config.effective(parameter);
    if (counts) text += parameter.key + "=" + to_text(config.value(parameter.key)) + "\n";
  }
  return text;
}

class Chain {
 public:
  Chain(const Config& config, const Graph& graph) : config_(config), graph_(graph) {
    const std::string names = unselected_weights(graph);
    if (!names.empty()) unselected_ = " unselected=" + names;
  }

  void train() {
    Stage stage{.kind = StageKind::Train, .epochs = config_.integer("train.epochs")};
    std::string settings = settings_text(config_, {"model", "initialization", "seed", "device",
                                                   "channels_last", "fused", "data", "train"});
    if (config_.text("train.method") != "dense") {
      settings += settings_text(config_, {"method"});
      settings += "goal=" + to_text(config_.value("prune.sparsity")) + unselected_;
    }
    add(std::move(stage), settings);
  }

  void import(std::string_view weights_hash) {
    add({.kind = StageKind::Import},
        settings_text(config_, {"model", "device", "channels_last", "fused", "data"}) +
            std::string(weights_hash));
  }

  void prune(std::int64_t cycle, std::int64_t cycles, std::int64_t kept) {
    const double sparsity = config_.real("prune.sparsity");
    const double part = static_cast<double>(cycle) / static_cast<double>(cycles);
    Stage stage{.kind = StageKind::Prune,
                .cycle = cycle,
                .sparsity = cycle == cycles ? sparsity : 1 - std::pow(1 - sparsity, part),
                .kept = kept,
                .of = graph_.prunable_weights()};
    const std::string& allocation = config_.text("prune.allocation");
    if (is_determined_by_shapes(allocation)) {  // fails here, before anything trains
      (void)layer_counts(allocation, prunable_shapes(graph_), kept);
    }
    std::string settings = "allocation=" + allocation + " kept=" + std::to_string(kept);
    if (allocation == "random") settings += " seed=" + to_text(config_.value("seed"));
    add(std::move(stage), settings + unselected_);
  }

  void retrain(std::int64_t cycle) {
    Stage stage{
        .kind = StageKind::Retrain, .cycle = cycle, .epochs = config_.integer("retrain.epochs")};
    if (stage.epochs == 0) return;
    add(std::move(stage), settings_text(config_, {"seed", "device", "channels_last", "fused",
                                                  "data", "train", "retrain"}) +
                              unselected_);
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
  void add(Stage stage, const std::string& settings) {
    const std::string parent = stages_.empty() ? "" : stages_.back().id;
    stage.id = Hasher().add(stage_name(stage.kind)).add(settings).add(parent).hex();
    stages_.push_back(std::move(stage));
  }

  const Config& config_;
  const Graph& graph_;
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

}  // namespace

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
  }
  return "";
}

std::vector<Stage> plan_stages(const Config& config, const Graph& graph, ChainKind kind,
                               std::string_view weights_hash) {
  if (kind != ChainKind::Whole) require_weights(config, kind != ChainKind::TrainOnly);
  Chain chain(config, graph);
  if (config.text("weights").empty()) {
    chain.train();
  } else {
    chain.import(weights_hash);
  }
  if (kind == ChainKind::TrainOnly) return chain.take(1);
  if (kind == ChainKind::RetrainImport) {
    if (config.integer("retrain.epochs") == 0) {
      throw Error(ErrorCode::Config, "retrain.epochs is 0: there is nothing to do",
                  "give retrain.epochs=N");
    }
    chain.retrain(1);
    return chain.take(1);
  }
  const std::int64_t cycles = config.integer("prune.cycles");
  const std::vector<std::int64_t> kept =
      imp_kept(graph.prunable_weights(), config.real("prune.sparsity"), cycles);
  for (std::int64_t cycle = 1; cycle <= cycles; ++cycle) {
    chain.prune(cycle, cycles, kept[static_cast<std::size_t>(cycle - 1)]);
    chain.retrain(cycle);
  }
  return chain.take(cycles);
}

}  // namespace pollard
