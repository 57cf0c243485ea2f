#include "speed/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "experiment/environment.h"
#include "pollard/error.h"
#include "speed/calibration.h"
#include "speed/case_layers.h"
#include "speed/contender.h"
#include "speed/peers.h"
#include "speed/pinning.h"
#include "speed/race.h"

namespace pollard {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-4;
constexpr std::int64_t kMostDense = 4;  // LibTorch twice, oneDNN, ONNX Runtime

json times(const Spread& spread) {
  return {{"median_ms", 1e3 * spread.median},
          {"p10_ms", 1e3 * spread.p10},
          {"low_quartile_ms", 1e3 * spread.low},
          {"high_quartile_ms", 1e3 * spread.high},
          {"calls", spread.count}};
}

class CaseRun {
 public:
  CaseRun(const SpeedCase& what, json& unavailable, Progress& progress)
      : what_(what),
        unavailable_(unavailable),
        progress_(progress),
        threads_(set_threads(what.threads)),
        pinning_(threads_),
        values_(random_images(what.graph, what.batch, what.settings.seed)),
        images_{values_, what.batch} {}

  json run() {
    const std::string name =
        fmt::format("batch {}, {} thread{}", what_.batch, threads_, threads_ == 1 ? "" : "s");
    progress_.begin(name + ", getting ready", kMostDense + 1 + std::ssize(what_.networks), 0);
    add_dense();
    dense_count_ = contenders_.size();
    add_ours();
    progress_.end(fmt::format("{} contestants", contenders_.size()));
    progress_.begin(name, static_cast<std::int64_t>(dense_count_) + what_.settings.rounds, 0);
    const Calibration calibration = calibrate(threads_);
    json record{
        {"batch", what_.batch},
        {"threads", threads_},
        {"calibration",
         {{"multiply_adds_gflops", calibration.multiply_adds}, {"copy_gbytes", calibration.copy}}}};
    measure(record);
    contenders_.clear();
    progress_.end(summary(record));
    CaseLayers layers{what_, images_, pinning_, threads_, progress_};
    progress_.begin(name + ", layers", layers.steps(), 0);
    record["layers"] = layers.measure();
    record["crossover"] = layers.crossover();
    progress_.end("");
    return record;
  }

 private:
  // ---- who takes part -----------------------------------------------------------------------

  template <typename Make>
  void add(const Make& make) {
    pinning_.around([&] {
      contenders_.push_back(make());
      (void)contenders_.back()->time_call();  // whatever starts threads has started them
    });
    progress_.advance(std::ssize(contenders_), contenders_.back()->name());
  }

  template <typename Make>
  void add_if_there(const std::string& name, const Make& make) {
    try {
      add(make);
    } catch (const Error& error) {
      const json entry{{"name", name}, {"reason", one_line(error)}};
      if (std::ranges::find(unavailable_, entry) != unavailable_.end()) return;
      progress_.note(fmt::format("{} is not measured: {}", name, one_line(error)));
      unavailable_.push_back(entry);
    }
  }

  void add_dense() {
    for (const bool channels_last : {false, true}) {
      add([&] { return make_torch_contender(what_.graph, what_.dense, images_, channels_last); });
    }
    add_if_there("oneDNN chain", [&] {
      return std::make_unique<DnnlContender>(what_.graph, what_.dense, images_);
    });
    add_if_there("ONNX Runtime", [&] {
      return make_onnxruntime_contender(what_.graph, what_.dense, images_, threads_,
                                        what_.settings.onnxruntime);
    });
    const std::vector<float> expected = contenders_.front()->outputs();
    for (const auto& contender : contenders_) (void)check(*contender, expected);
  }

  void add_ours() {
    const sparse::NetworkOptions dense{
        .threads = threads_, .path = sparse::Path::Dense, .batch = what_.batch};
    add([&] {
      return std::make_unique<SparseContender>("Pollard dense", what_.graph, what_.dense, images_,
                                               dense);
    });
    (void)check(*contenders_.back(), contenders_.front()->outputs());
    for (const PrunedNetwork& network : what_.networks) {
      add([&] {
        return std::make_unique<SparseContender>(
            "Pollard " + network.name, what_.graph, network.state, images_,
            sparse::NetworkOptions{.threads = threads_, .batch = what_.batch});
      });
      const auto torch = make_torch_contender(what_.graph, network.state, images_, false);
      (void)torch->time_call();
      differences_.push_back(check(*contenders_.back(), torch->outputs()));
    }
  }

  static double check(Contender& contender, std::span<const float> expected) {
    const double difference = relative_difference(contender.outputs(), expected);
    if (difference <= kTolerance) return difference;
    throw Error(ErrorCode::Numeric,
                fmt::format("{}: outputs differ from LibTorch's by {:.2g} of the largest, more "
                            "than {:g}: its times would mean nothing",
                            contender.name(), difference, kTolerance));
  }

  // ---- how fast they are --------------------------------------------------------------------

  void measure(json& record) {
    const RaceSettings settings{.rounds = what_.settings.rounds, .seed = what_.settings.seed};
    std::vector<Spread> alone;
    for (std::size_t i = 0; i < dense_count_; ++i) {
      alone.push_back(run_alone(*contenders_[i], settings));
      progress_.advance(static_cast<std::int64_t>(i) + 1, contenders_[i]->name());
    }
    const std::vector<Spread> spreads = race(contenders_, settings, [&](int round) {
      progress_.advance(static_cast<std::int64_t>(dense_count_) + round, "all in turns");
    });
    record["dense"] = json::array();
    for (std::size_t i = 0; i < dense_count_; ++i) {
      json entry = times(spreads[i]);
      entry["name"] = contenders_[i]->name();
      entry["alone"] = times(alone[i]);
      entry["best_ms"] = 1e3 * std::min(spreads[i].median, alone[i].median);
      record["dense"].push_back(std::move(entry));
    }
    record["baseline"] = best_of(record["dense"], "");
    record["libtorch"] = best_of(record["dense"], "LibTorch");
    record["sparse"] = json::array();
    for (std::size_t i = dense_count_; i < contenders_.size(); ++i)
      record["sparse"].push_back(ours(i, spreads[i], record));
  }

  static json best_of(const json& dense, const std::string& prefix) {
    json best;
    for (const json& entry : dense) {
      if (!entry["name"].get<std::string>().starts_with(prefix)) continue;
      if (best.is_null() || entry["best_ms"] < best["ms"])
        best = {{"name", entry["name"]}, {"ms", entry["best_ms"]}};
    }
    return best;
  }

  json ours(std::size_t who, const Spread& spread, const json& record) const {
    const double ms = 1e3 * spread.median;
    json entry = times(spread);
    entry["name"] = contenders_[who]->name();
    entry["images_per_second"] = 1e3 * static_cast<double>(what_.batch) / ms;
    entry["speedup"] = record["baseline"]["ms"].get<double>() / ms;
    entry["speedup_libtorch"] = record["libtorch"]["ms"].get<double>() / ms;
    if (who == dense_count_) return entry;  // the dense path
    const std::size_t network = who - dense_count_ - 1;
    entry["network"] = network;
    entry["difference"] = differences_[network];
    return entry;
  }

  [[nodiscard]] static std::string summary(const json& record) {
    const json& baseline = record["baseline"];
    return fmt::format("best dense {} with {:.3f} ms", baseline["name"].get<std::string>(),
                       baseline["ms"].get<double>());
  }

  const SpeedCase& what_;
  json& unavailable_;
  Progress& progress_;
  int threads_;
  Pinning pinning_;
  std::vector<float> values_;
  Images images_;
  std::vector<std::unique_ptr<Contender>> contenders_;  // dense ones, our dense path, the pruned
  std::size_t dense_count_ = 0;
  std::vector<double> differences_;
};

}  // namespace

json measure_case(const SpeedCase& what, json& unavailable, Progress& progress) {
  return CaseRun(what, unavailable, progress).run();
}

}  // namespace pollard
