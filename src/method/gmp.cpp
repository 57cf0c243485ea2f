#include "method/gmp.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "method/forward_masks.h"
#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

std::int64_t last_update(std::int64_t epochs, std::int64_t interval) {
  return (epochs / interval - 1) * interval;
}

class Gmp final : public Method {
 public:
  explicit Gmp(const GmpSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string_view name() const override { return "gmp"; }
  [[nodiscard]] bool only_masks() const override { return !settings_.recovering; }

  void attach(const MethodContext& context) override {
    check_gmp_interval("gmp", settings_.interval, context.epochs);
    check_goal(context);
    engine_ = &context.engine;
    goal_ = context.sparsity;
    epochs_ = context.epochs;
    seed_ = context.seed;
    masks_ = MaskSet::dense(engine_->graph());
    if (settings_.recovering) {
      forward_.attach(*engine_, MaskGradient::Masked);
    } else {
      engine_->set_masks({});
      engine_->set_effective_weights({}, {});
    }
  }

  void after_epoch(const TrainingPosition& at) override {
    const std::int64_t g = settings_.interval;
    if (at.epoch % g != 0 || at.epoch > last_update(epochs_, g)) return;
    if (settings_.recovering) masks_ = MaskSet::dense(engine_->graph());
    shrink_masks(kept_at(masks_.size(), gmp_sparsity(goal_, at.epoch, epochs_, g)));
    put_in_force();
    if (settings_.recovering) forward_.stop_masked();  // from here on they only decay
  }

  [[nodiscard]] MaskSet finish() override {
    return settings_.recovering ? forward_.finish() : masks_;
  }

  [[nodiscard]] TensorMap save() const override { return masks_.to_tensors(); }
  void load(const TensorMap& state) override {
    masks_ = MaskSet::from_tensors(engine_->graph(), state);
    put_in_force();
  }

 private:
  // An allocation that cannot reach the goal says so now, not after epochs of training.
  void check_goal(const MethodContext& context) const {
    if (!is_determined_by_shapes(settings_.allocation)) return;
    const Graph& graph = context.engine.graph();
    (void)layer_counts(settings_.allocation, prunable_shapes(graph),
                       kept_at(graph.prunable_weights(), context.sparsity));
  }

  void shrink_masks(std::int64_t kept) {
    try {
      prune_by(settings_.allocation, masks_, engine_->state(), kept, seed_);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Input) throw;
      throw Error(ErrorCode::Numeric, error.what(),
                  "the last checkpoint is from before; lower the learning rate");
    }
    if (masks_.kept() == kept) return;
    throw Error(ErrorCode::Internal,
                fmt::format("GMP kept {} weights, {} were asked for", masks_.kept(), kept));
  }

  void put_in_force() {
    if (settings_.recovering) {
      forward_.load(masks_.to_tensors());
    } else {
      engine_->set_masks(masks_.to_tensors());
    }
  }

  GmpSettings settings_;
  Engine* engine_ = nullptr;
  double goal_ = 0;
  std::int64_t epochs_ = 0;
  std::uint64_t seed_ = 0;
  MaskSet masks_;
  ForwardMasks forward_;  // recovering: the same masks, where they act
};

}  // namespace

double cubic_rise(double goal, double done) {
  if (!(done < 1)) return goal;
  const double left = 1 - done;
  return goal - goal * left * left * left;
}

double gmp_sparsity(double goal, std::int64_t epoch, std::int64_t epochs, std::int64_t interval) {
  const std::int64_t last = last_update(epochs, interval);
  const std::int64_t update = std::min(epoch / interval * interval, last);
  return cubic_rise(goal, static_cast<double>(update) / static_cast<double>(last));
}

void check_gmp_interval(std::string_view method, std::int64_t interval, std::int64_t epochs) {
  if (2 * interval <= epochs) return;
  throw Error(ErrorCode::Config,
              fmt::format("train.method={} prunes every {} epoch{} and leaves the last {} to "
                          "recover: that needs {} epochs, there are {}",
                          method, interval, interval == 1 ? "" : "s",
                          interval == 1 ? "one" : std::to_string(interval), 2 * interval, epochs),
              fmt::format("train for {} epochs or more{}", 2 * interval,
                          interval > 1 ? ", or prune more often" : ""));
}

void declare_gmp(ParameterTable& table) {
  const OnlyWith gmp{"train.method", {"gmp"}};
  table.add({.key = "method.gmp.interval",
             .fallback = std::int64_t{1},
             .unit = "epochs",
             .help = "Epochs between two prunings; the training needs twice as many or more.",
             .minimum = 1,
             .maximum = 100000,
             .only_with = gmp});
  table.add({.key = "method.gmp.mode",
             .fallback = std::string("permanent"),
             .unit = "",
             .help = "permanent: masks only grow; recovering: they are chosen anew from the dense "
                     "weights, which only decay where they are pruned.",
             .choices = {"permanent", "recovering"},
             .only_with = gmp});
  table.add({.key = "method.gmp.allocation",
             .fallback = std::string("global"),
             .unit = "",
             .help = "How sparsity is spread over the layers, as with prune.allocation.",
             .choices = allocation_names(),
             .only_with = gmp});
}

std::unique_ptr<Method> make_gmp(const GmpSettings& settings) {
  return std::make_unique<Gmp>(settings);
}

std::unique_ptr<Method> make_gmp(const Config& config) {
  return make_gmp({.interval = config.integer("method.gmp.interval"),
                   .recovering = config.text("method.gmp.mode") == "recovering",
                   .allocation = config.text("method.gmp.allocation")});
}

}  // namespace pollard
