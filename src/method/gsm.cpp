// Global Sparse Momentum SGD (Ding et al., NeurIPS 2019). Every step, with Q = N - round(S N):
//
//   b_i = 1 for the Q prunable weights of largest |w_i g_i|, 0 for the others
//   v <- beta v + lambda w + b * g
//   w <- w - alpha v
//
// The passive weights see weight decay and momentum only: with a high momentum (train.momentum)
// they shrink some 1/(1 - beta) times as fast as without. At the end the Q largest weights are
// kept.
#include "method/gsm.h"

#include <ATen/ATen.h>

#include "method/global_rank.h"
#include "method/tensor_selection.h"

namespace pollard {
namespace {

class Gsm final : public Method {
 public:
  explicit Gsm(bool rank_all) : rank_all_(rank_all) {}
  [[nodiscard]] std::string_view name() const override { return "gsm"; }

  void attach(const MethodContext& context) override {
    engine_ = &context.engine;
    sparsity_ = context.sparsity;
    active_ = kept_at_goal(engine_->graph(), sparsity_);
    slots_ = ranked_slots(*engine_, rank_all_);
    scores_.clear();
    for (const ParameterSlot* slot : slots_) {
      scores_.push_back(at::zeros_like(slot->value.detach()));
    }
  }

  void after_backward(const TrainingPosition&) override {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const at::Tensor& gradient = slots_[i]->gradient;
      if (gradient.defined()) at::mul_out(scores_[i], slots_[i]->value, gradient);
    }
    const std::vector<at::Tensor> active = select_largest_entries(scores_, active_);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      at::Tensor& gradient = slots_[i]->gradient;
      if (gradient.defined()) gradient.masked_fill_(active[i].eq(0), 0);
    }
  }

  [[nodiscard]] MaskSet finish() override { return finish_by_magnitude(*engine_, sparsity_); }

 private:
  bool rank_all_;
  Engine* engine_ = nullptr;
  double sparsity_ = 0;
  std::int64_t active_ = 0;            // Q
  std::vector<ParameterSlot*> slots_;  // that are ranked
  std::vector<at::Tensor> scores_;     // w * g of each, made once
};

}  // namespace

void declare_gsm(ParameterTable& table) {
  declare_rank_scope(table, "gsm", {"train.method", {"gsm"}});
}

std::unique_ptr<Method> make_gsm(const Config& config) {
  return std::make_unique<Gsm>(ranks_all(config, "gsm"));
}

}  // namespace pollard
