// Many finished runs whose numbers are made up, as a page is made of them: accuracies that fall
// with sparsity, three seeds, methods that differ.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/hash.h"
#include "report/page/page_source.h"

namespace pollard::test {

struct SyntheticGrid {
  std::vector<std::string> allocations{"global", "uniform", "uniform+", "erk", "lamp"};
  std::vector<std::string> schedules{"ft", "slr", "clr"};
  std::vector<double> sparsities{0.8, 0.9, 0.95, 0.98};
  int seeds = 3;
  int epochs = 30, layers = 20;
};

class SyntheticSource {
 public:
  explicit SyntheticSource(const SyntheticGrid& grid) : grid_(grid) {
    source.name = "synthetic";
    source.is_sweep = true;
    source.axes = {"prune.allocation", "prune.sparsity", "retrain.schedule", "seed"};
    for (int seed = 1; seed <= grid.seeds; ++seed) {
      train(seed);
      for (std::size_t a = 0; a < grid.allocations.size(); ++a) {
        for (const double sparsity : grid.sparsities) {
          prune(seed, a, sparsity);
          for (std::size_t s = 0; s < grid.schedules.size(); ++s) retrain(seed, a, sparsity, s);
        }
      }
    }
    source.wanted = source.rows.size();
  }

  PageSource source;

 private:
  /// Between -1 and 1, the same for the same arguments.
  static double noise(const std::string& what) {
    return static_cast<double>(hash64(what) % 20'001) / 10'000 - 1;
  }
  PageStage& stage(const std::string& name, const std::string& kind, int epochs, double top1) {
    last_ = content_hash(name);
    PageStage& fresh = source.stages[last_];
    fresh = {kind, kind, epochs, nlohmann::json::object(), {{"cpu", "made up"}, {"threads", 1}},
             {}};
    fresh.result = {{"kind", kind}, {"seconds", epochs * 12.5 + 3}, {"test", {{"top1", top1}}}};
    if (epochs > 0) fresh.result["epochs"] = epochs;
    return fresh;
  }
  void curve(PageStage& stage, double from, double to, double rate) const {
    for (int epoch = 1; epoch <= stage.epochs; ++epoch) {
      const double part = epoch / static_cast<double>(stage.epochs);
      stage.curve.top1.push_back(
          {static_cast<double>(epoch),
           from + (to - from) * std::sqrt(part) + 0.3 * noise(fmt::format("{}{}", last_, epoch))});
    }
    stage.curve.rate = {{0.01, rate}, {static_cast<double>(stage.epochs), rate / 100}};
    stage.curve.top1 = thin_out(std::move(stage.curve.top1), 60);
  }
  void train(int seed) {
    PageStage& fresh = stage(fmt::format("train {}", seed), "train", 160, 92.5);
    fresh.result["method"] = "dense";
    curve(fresh, 30, 92.5 + 0.2 * noise(fmt::format("dense {}", seed)), 0.1);
    dense_ = last_;
  }
  void prune(int seed, std::size_t allocation, double sparsity) {
    pruned_top1_ = 85 - 400 * std::pow(std::max(0.0, sparsity - 0.75), 1.5) +
                   noise(fmt::format("p{}{}{}", seed, allocation, sparsity));
    PageStage& fresh =
        stage(fmt::format("prune {} {} {}", seed, allocation, sparsity), "prune", 0, pruned_top1_);
    fresh.result["stability"] = pruned_top1_ / 92.5;
    nlohmann::json layers = nlohmann::json::array();
    for (int i = 0; i < grid_.layers; ++i) {
      const int of = 432 * (i + 1);
      const double tilt = allocation % 2 == 0 ? 1.5 - static_cast<double>(i) / grid_.layers : 1;
      layers.push_back({{"name", fmt::format("layer{}.conv.weight", i)},
                        {"kept", std::min(of, static_cast<int>(of * (1 - sparsity) * tilt) + seed)},
                        {"of", of},
                        {"multiply_adds", 2'359'296 / (1 + i % 3)}});
    }
    fresh.result["layers"] = layers;
    fresh.result["sparsity"] = {{"prunable", sparsity}};
    fresh.result["theoretical_speedup"] =
        (1 + 0.1 * static_cast<double>(allocation)) / (1.05 - sparsity);
    pruned_ = last_;
  }
  void retrain(int seed, std::size_t allocation, double sparsity, std::size_t schedule) {
    const std::string name =
        fmt::format("retrain {} {} {} {}", seed, allocation, sparsity, schedule);
    const double top1 = 92.5 -
                        (30 - 8 * static_cast<double>(std::min<std::size_t>(schedule, 3))) *
                            std::pow(std::max(0.0, sparsity - 0.75), 1.5) -
                        0.2 * static_cast<double>(allocation) + 0.25 * noise(name);
    PageStage& fresh = stage(name, "retrain", grid_.epochs, top1);
    fresh.result["increase"] = top1 - pruned_top1_;
    curve(fresh, pruned_top1_, top1, schedule == 0 ? 0.001 : 0.05);
    nlohmann::json results = nlohmann::json::array();
    for (const std::string& id : {dense_, pruned_, last_})
      results.push_back(source.stages.at(id).result);
    ResultRow row{last_,
                  {{"model", "resnet20"},
                   {"data", "cifar10"},
                   {"prune.allocation", grid_.allocations[allocation]},
                   {"prune.sparsity", fmt::format("{:.3g}", sparsity)},
                   {"retrain.schedule", grid_.schedules[schedule]},
                   {"retrain.epochs", fmt::format("{}", grid_.epochs)},
                   {"seed", fmt::format("{}", seed)}},
                  measures_of(results)};
    row.measures["time_ratio"] = row.measures["seconds"] / 2003;
    source.chains[row.id] = {dense_, pruned_, last_};
    source.rows.push_back(std::move(row));
  }

  const SyntheticGrid grid_;
  std::string dense_, pruned_, last_;
  double pruned_top1_ = 0;
};

}  // namespace pollard::test
