#include "experiment/engine_choice.h"

#include <fmt/format.h>

#include <vector>

#include "core/statistics.h"
#include "core/timing.h"
#include "experiment/setup.h"
#include "method/registry.h"
#include "pollard/error.h"
#include "pollard/sgd.h"

namespace pollard {
namespace {

constexpr int kRounds = 5;  // after one that is not counted

// Why the sparse engine cannot retrain here; "" if it can.
std::string obstacle(const Config& config, const Graph& graph) {
  const std::string& device = config.text("device");
  if (!device.starts_with("cpu")) return "it runs on the CPU, not on device=" + device;
  if (config.flag("amp")) return "it computes in float32, not as amp=true asks";
  try {
    (void)make_sparse_engine(config, graph, {});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Config) throw;
    return error.what();
  }
  return "";
}

// Takes steps that leave the weights where they are; of a copy, so that nothing of them stays.
class Contestant {
 public:
  Contestant(std::unique_ptr<Engine> engine, const SgdSettings& sgd)
      : engine_(std::move(engine)), sgd_(sgd) {}

  void step(const Batch& batch) {
    const Stopwatch watch;
    engine_->forward_backward(batch, {});
    sgd_step(engine_->slots(), sgd_, 0);
    (void)engine_->take_meters();  // waits for the device
    milliseconds_.push_back(1e3 * watch.seconds());
  }
  void forget() { milliseconds_.clear(); }
  [[nodiscard]] double median() const { return quantile(milliseconds_, 0.5); }

 private:
  std::unique_ptr<Engine> engine_;
  SgdSettings sgd_;
  std::vector<double> milliseconds_;
};

}  // namespace

std::string describe(const EngineChoice& choice) {
  if (!choice.reason.empty())
    return fmt::format("{} engine (the sparse one cannot: {})", choice.name, choice.reason);
  if (choice.torch_ms == 0) return "";
  const bool sparse = choice.name == "sparse";
  return fmt::format("{} engine: {:.1f} ms a step, {} {:.1f} ms", choice.name,
                     sparse ? choice.sparse_ms : choice.torch_ms, sparse ? "torch" : "sparse",
                     sparse ? choice.torch_ms : choice.sparse_ms);
}

void check_engine(const Config& config, const Graph& graph) {
  const std::string& method = config.text("train.method");
  const bool trains = prunes_in_training(config) && config.text("train.engine") == "sparse";
  if (trains && !make_method(method, config)->only_masks()) {
    throw Error(ErrorCode::Config,
                "train.engine=sparse cannot train this: train.method=" + method +
                    " as it is set needs gradients of weights that are masked",
                "use train.engine=torch");
  }
  const bool retrains = config.text("retrain.engine") == "sparse";
  if (!trains && !retrains) return;
  if (const std::string why = obstacle(config, graph); !why.empty()) {
    const std::string verb = retrains ? "retrain" : "train";
    throw Error(ErrorCode::Config, fmt::format("{0}.engine=sparse cannot {0} this: {1}", verb, why),
                fmt::format("use {}.engine=torch", verb));
  }
}

bool is_to_choose_again(const EngineChoice& before, const MaskSet& masks) {
  if (before.name == "sparse") return false;
  const std::int64_t left = before.kept > 0 ? before.kept : masks.size();
  return static_cast<double>(masks.kept()) <= 0.8 * static_cast<double>(left);
}

EngineChoice choose_engine(std::string_view asked, const Config& config, const Engine& engine,
                           const MaskSet& masks, BatchLoader& train) {
  const std::int64_t kept = masks.kept();
  if (asked != "auto") return {.name = std::string(asked), .kept = kept};
  if (masks.empty()) return {};  // nothing is sparse
  if (std::string why = obstacle(config, engine.graph()); !why.empty())
    return {.reason = std::move(why), .kept = kept};
  const SgdSettings sgd = make_sgd(config);
  Contestant torch(engine_like("torch", config, engine, masks), sgd);
  Contestant sparse(engine_like("sparse", config, engine, masks), sgd);
  train.start(0);
  Batch batch;
  for (int round = -1; round < kRounds; ++round) {
    if (!train.next(batch)) {
      train.start(0);
      (void)train.next(batch);
    }
    for (Contestant* each : {&torch, &sparse}) {
      each->step(batch);
      if (round < 0) each->forget();
    }
  }
  EngineChoice choice{.torch_ms = torch.median(), .sparse_ms = sparse.median(), .kept = kept};
  if (choice.sparse_ms < choice.torch_ms) choice.name = "sparse";
  return choice;
}

std::unique_ptr<Engine> engine_like(std::string_view name, const Config& config, const Engine& from,
                                    const MaskSet& masks) {
  const TensorMap keep = masks.to_tensors();
  std::unique_ptr<Engine> engine = name == "sparse" ? make_sparse_engine(config, from.graph(), keep)
                                                    : make_engine(config, from.graph());
  engine->load_state(from.state());
  engine->load_velocity(from.velocity());
  engine->set_masks(keep);
  return engine;
}

}  // namespace pollard
