// Learning-Compression (Carreira-Perpinan & Idelbayev, CVPR 2018), in the form of the IMP paper's
// authors: the compressed weights theta equal w on the K = N - round(S N) largest |w| and are 0
// elsewhere, so that the penalty on w - theta is weight decay of the N - K smallest alone. Every
// step, with b_i = 1 for the K largest:
//
//   wd_j = wd_0 a^j                     at epoch j floor(E/n) and on, j = 0 .. n-1
//   g <- g - wd_j b * w                 before the optimizer adds wd_j w: on the K nothing is left
//
// The optimizer's momentum sees the sum. At the end the K largest weights are kept.
#include "method/lc.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "method/global_rank.h"
#include "method/tensor_selection.h"
#include "pollard/error.h"

namespace pollard {
namespace {

void check_decay(double weight_decay) {
  if (weight_decay > 0) return;
  throw Error(ErrorCode::Config,
              "train.weight_decay is 0, and weight decay is all that train.method=lc prunes with",
              "give train.weight_decay, or method.lc.variant=original");
}

class Lc final : public Method {
 public:
  Lc(const LcGrowth& growth, bool rank_all) : growth_(growth), rank_all_(rank_all) {}
  [[nodiscard]] std::string_view name() const override { return "lc"; }

  void attach(const MethodContext& context) override {
    growth_.check(context.epochs);
    check_decay(context.sgd.weight_decay);
    engine_ = &context.engine;
    sparsity_ = context.sparsity;
    epochs_ = context.epochs;
    sgd_ = context.sgd;
    large_ = kept_at_goal(engine_->graph(), sparsity_);
    slots_ = ranked_slots(*engine_, rank_all_);
    values_.clear();
    for (const ParameterSlot* slot : slots_) values_.push_back(slot->value);
  }

  void after_backward(const TrainingPosition& at) override {
    const at::NoGradGuard no_grad;
    const double growth = growth_.in(at.epoch, epochs_);
    const std::vector<at::Tensor> large = select_largest_entries(values_, large_);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      ParameterSlot& slot = *slots_[i];
      slot.decay = growth;
      if (!is_decayed(slot, sgd_) || !slot.gradient.defined()) continue;
      slot.gradient.addcmul_(slot.value, large[i], -growth * sgd_.weight_decay);
    }
  }

  [[nodiscard]] MaskSet finish() override {
    for (ParameterSlot* slot : slots_) slot->decay = 1;
    return finish_by_magnitude(*engine_, sparsity_);
  }

 private:
  LcGrowth growth_;
  bool rank_all_;
  Engine* engine_ = nullptr;
  double sparsity_ = 0;
  std::int64_t epochs_ = 0;
  SgdSettings sgd_;
  std::int64_t large_ = 0;             // K
  std::vector<ParameterSlot*> slots_;  // that are ranked
  std::vector<at::Tensor> values_;     // theirs
};

}  // namespace

void LcGrowth::check(std::int64_t epochs) const {
  if (factor == 1 || epochs >= steps) return;
  throw Error(ErrorCode::Config,
              fmt::format("method.lc.steps={} needs as many epochs at least, train.epochs is {}",
                          steps, epochs),
              fmt::format("give method.lc.steps={} or less, or method.lc.growth=1 for a penalty "
                          "that stays as it is",
                          epochs));
}

double LcGrowth::in(std::int64_t epoch, std::int64_t epochs) const {
  if (factor == 1) return 1;
  const std::int64_t j = std::min(epoch / (epochs / steps), steps - 1);
  return std::pow(factor, static_cast<double>(j));
}

void declare_lc(ParameterTable& table) {
  const OnlyWith lc{"train.method", {"lc"}};
  table.add({.key = "method.lc.variant",
             .fallback = std::string("simplified"),
             .unit = "",
             .help = "simplified: weight decay of the small weights alone, as in the IMP paper; "
                     "original: the augmented Lagrangian with multipliers.",
             .choices = {"simplified", "original"},
             .only_with = lc});
  table.add({.key = "method.lc.mu",
             .fallback = 1e-3,
             .unit = "",
             .help = "The penalty on what lies between the weights and the compressed ones, at the "
                     "start.",
             .minimum = 0,
             .minimum_open = true,
             .only_with = OnlyWith{"method.lc.variant", {"original"}}});
  table.add({.key = "method.lc.growth",
             .fallback = 1.1,
             .unit = "",
             .help = "The penalty (simplified: weight decay of the small weights) grows by this "
                     "factor, method.lc.steps - 1 times over the training; 1: it stays as it is.",
             .minimum = 1,
             .only_with = lc});
  table.add({.key = "method.lc.steps",
             .fallback = std::int64_t{30},
             .unit = "steps",
             .help =
                 "Values that the penalty takes on, train.epochs / method.lc.steps epochs each, "
                 "rounded down; the last one stays to the end.",
             .minimum = 1,
             .maximum = 100000,
             .only_with = lc});
  declare_rank_scope(table, "lc", {"method.lc.variant", {"simplified"}});
}

std::unique_ptr<Method> make_lc(const Config& config) {
  const LcGrowth growth{.factor = config.real("method.lc.growth"),
                        .steps = config.integer("method.lc.steps")};
  growth.check(config.integer("train.epochs"));
  if (config.text("method.lc.variant") == "original")
    return make_original_lc(config.real("method.lc.mu"), growth);
  check_decay(config.real("train.weight_decay"));
  return std::make_unique<Lc>(growth, ranks_all(config, "lc"));
}

}  // namespace pollard
