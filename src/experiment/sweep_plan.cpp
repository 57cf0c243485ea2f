#include "experiment/sweep_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "experiment/engine_choice.h"
#include "experiment/parameters.h"
#include "experiment/runner.h"
#include "experiment/setup.h"
#include "experiment/stages.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// Values of the settings under these first words: equal ones load the same thing.
std::string key_of(const Config& config, const std::set<std::string_view>& groups) {
  std::string key;
  for (const Parameter& parameter : config.table().all()) {
    if (groups.contains(group_of(parameter.key)))
      key += parameter.key + "=" + to_text(config.value(parameter.key)) + "\n";
  }
  return key;
}

// What planning needs of a data set: not its images.
struct DataFacts {
  ImageFormat format;
  std::string fingerprint;  // "" where it is not there
  std::int64_t images = 1;
};

class Planner {
 public:
  Planner(const Store& store, PlanFor purpose, Progress& progress)
      : store_(store), need_data_(purpose == PlanFor::Running), progress_(progress) {}

  void add(const Config& config) {
    const DataFacts& data = data_of(config);
    const Graph& graph = graph_of(config, data);
    const std::vector<Stage> stages =
        plan_stages(config, graph, ChainKind::Whole, {data.fingerprint, weights_of(config, graph)});
    check(config, stages, graph, data.images);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      plan_.naive_epochs += stages[i].epochs;
      add_stage(config, stages, i);
    }
    plan_.configurations.push_back(configuration_of(config, stages));
  }

  SweepPlan take() {
    extend_shorter_ones();
    sort_by_parents();
    for (const Job& job : plan_.jobs) plan_.tree_epochs += job.epochs;
    return std::move(plan_);
  }

 private:
  // Points that differ in their seeds or sparsities have the same rates.
  void check(const Config& config, const std::vector<Stage>& stages, const Graph& graph,
             std::int64_t images) {
    std::string key = key_of(config, {"model", "data", "device", "amp", "train", "retrain"});
    key += std::to_string(stages.size());
    if (!checked_.insert(key).second) return;
    const std::int64_t batch = config.integer("train.batch_size");
    check_retraining(config, stages, (images + batch - 1) / batch);
    check_engine(config, graph);
  }

  const DataFacts& data_of(const Config& config) {
    const std::string key = key_of(config, {"data"});
    const auto found = data_.find(key);
    return found != data_.end() ? found->second
                                : data_.emplace(key, read_data(config)).first->second;
  }

  DataFacts read_data(const Config& config) {
    try {
      const DataSplits data = make_data(config, progress_);
      require_training_images(config, data);
      return {
          {data.train->image_shape(), data.train->classes()}, data.fingerprint, data.train->size()};
    } catch (const Error& error) {
      if (need_data_) throw;
      plan_.with_data = false;
      DataFacts facts{dataset_format(config.text("data")), "", 1};
      progress_.warn(
          fmt::format("planned without the images of {}: {}", config.text("data"), error.what()));
      return facts;
    }
  }

  const Graph& graph_of(const Config& config, const DataFacts& data) {
    std::string key = key_of(config, {"model", "data"});
    for (const char* name :
         {"train.dropout", "train.last_momentum", "prune.include", "prune.exclude"})
      key += to_text(config.value(name)) + "\n";
    const auto found = graphs_.find(key);
    if (found != graphs_.end()) return found->second;
    return graphs_.emplace(key, make_graph(config, data.format)).first->second;
  }

  std::string weights_of(const Config& config, const Graph& graph) {
    const std::string& path = config.text("weights");
    if (path.empty()) return "";
    const std::string key = key_of(config, {"model", "data", "weights"});
    const auto found = weights_.find(key);
    if (found != weights_.end()) return found->second;
    return weights_.emplace(key, import_weights(config, graph).hash).first->second;
  }

  void add_stage(const Config& config, const std::vector<Stage>& stages, std::size_t i) {
    const Stage& stage = stages[i];
    if (!places_.emplace(stage.id, plan_.jobs.size()).second) return;
    std::string text;
    if (need_data_) {
      Config own = config;
      for (const char* key : {"out=", "store="}) own.apply(key);
      text = own.to_toml();
    }
    plan_.jobs.push_back({.id = stage.id,
                          .parent = i > 0 ? stages[i - 1].id : "",
                          .kind = std::string(stage_name(stage.kind)),
                          .label = stage.label,
                          .epochs = stage.epochs,
                          .config = std::move(text)});
    shorter_.push_back(stage.shorter);
  }

  void extend_shorter_ones() {
    for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
      Job& job = plan_.jobs[i];
      for (std::size_t length = shorter_[i].size(); length > 0; --length) {
        const std::string& id = shorter_[i][length - 1];
        if (!places_.contains(id) && !store_.holds_state(id)) continue;
        job.parent = id;
        job.epochs -= static_cast<std::int64_t>(length);
        break;
      }
    }
  }

  void sort_by_parents() {
    std::vector<std::size_t> depths(plan_.jobs.size());
    for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
      auto at = places_.find(plan_.jobs[i].parent);
      for (; at != places_.end(); at = places_.find(plan_.jobs[at->second].parent)) ++depths[i];
    }
    std::vector<std::pair<std::size_t, std::size_t>> order;
    for (std::size_t i = 0; i < depths.size(); ++i) order.emplace_back(depths[i], i);
    std::ranges::sort(order);
    std::vector<Job> sorted;
    for (const auto& [depth, i] : order) sorted.push_back(std::move(plan_.jobs[i]));
    plan_.jobs = std::move(sorted);
  }

  const Store& store_;
  bool need_data_;
  Progress& progress_;
  SweepPlan plan_;
  std::map<std::string, std::size_t> places_;      // of jobs, by id
  std::vector<std::vector<std::string>> shorter_;  // of each job
  std::set<std::string> checked_;
  std::map<std::string, DataFacts> data_;
  std::map<std::string, Graph> graphs_;
  std::map<std::string, std::string> weights_;  // hashes
};

}  // namespace

SweepPlan plan_sweep(const std::vector<Config>& points, const Store& store, PlanFor purpose,
                     Progress& progress) {
  Planner planner(store, purpose, progress);
  for (const Config& config : points) planner.add(config);
  return planner.take();
}

void run_job(const Job& job, const Store& store, Progress& progress) {
  Config config(parameter_table());
  config.read_toml_text(job.config, "the job " + job.id);
  run_stage(config, ChainKind::Whole, store, job.id, progress);
}

}  // namespace pollard
