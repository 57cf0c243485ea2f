// Learning-Compression as its authors have it (Carreira-Perpinan & Idelbayev, CVPR 2018): minimise
// the loss under w = theta, ||theta||_0 <= K, by an augmented Lagrangian with multipliers lambda.
// Begins with theta = the K largest of w and lambda = 0; then, in turns,
//
//   L-step   one epoch of SGD on   loss + (mu/2) ||w - theta - lambda/mu||^2
//            that is               g <- g + mu (w - theta) - lambda
//   C-step   theta <- the K largest of |w - lambda/mu|, with their values; 0 elsewhere
//            lambda <- lambda - mu (w - theta)
//
// while mu grows (LcGrowth). The final weights are theta.
#include <ATen/ATen.h>

#include "exec/host_tensors.h"
#include "method/global_rank.h"
#include "method/lc.h"
#include "method/method_state.h"
#include "method/tensor_selection.h"

namespace pollard {
namespace {

struct Constrained {
  ParameterSlot* slot;
  at::Tensor theta, lambda;  // of the weight's sizes, strides and device
};

std::string theta_key(const Constrained& weight) { return "theta/" + weight.slot->name; }
std::string lambda_key(const Constrained& weight) { return "lambda/" + weight.slot->name; }

class OriginalLc final : public Method {
 public:
  OriginalLc(double mu, const LcGrowth& growth) : mu_(mu), growth_(growth) {}
  [[nodiscard]] std::string_view name() const override { return "lc"; }

  void attach(const MethodContext& context) override {
    growth_.check(context.epochs);
    engine_ = &context.engine;
    sparsity_ = context.sparsity;
    epochs_ = context.epochs;
    kept_ = kept_at_goal(engine_->graph(), sparsity_);
    weights_.clear();
    for (ParameterSlot* slot : prunable_slots(*engine_)) {
      const at::Tensor zeros = at::zeros_like(slot->value.detach());
      weights_.push_back({slot, zeros.clone(), zeros});
    }
    compress(0);
  }

  void after_backward(const TrainingPosition& at) override {
    const at::NoGradGuard no_grad;
    const double mu = mu_ * growth_.in(at.epoch, epochs_);
    for (const auto& [slot, theta, lambda] : weights_) {
      if (!slot->gradient.defined()) continue;
      slot->gradient.add_(slot->value, mu).sub_(theta, mu).sub_(lambda);
    }
  }

  void after_epoch(const TrainingPosition& at) override {
    compress(mu_ * growth_.in(at.epoch - 1, epochs_));  // the penalty of the epoch that is over
  }

  [[nodiscard]] MaskSet finish() override {
    const at::NoGradGuard no_grad;
    for (const auto& [slot, theta, lambda] : weights_) slot->value.copy_(theta);
    return finish_by_magnitude(*engine_, sparsity_);
  }

  [[nodiscard]] TensorMap save() const override {
    TensorMap state;
    for (const Constrained& weight : weights_) {
      state.emplace(theta_key(weight), to_host(weight.theta));
      state.emplace(lambda_key(weight), to_host(weight.lambda));
    }
    return state;
  }

  void load(const TensorMap& state) override {
    for (Constrained& weight : weights_) {
      restore_tensor(weight.theta, state, theta_key(weight));
      restore_tensor(weight.lambda, state, lambda_key(weight));
    }
  }

 private:
  /// The C-step. With mu = 0, before the first, lambda is 0 and stays so.
  void compress(double mu) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> points;
    for (const auto& [slot, theta, lambda] : weights_) {
      points.push_back(mu > 0 ? slot->value.sub(lambda, 1 / mu) : slot->value.clone());
    }
    const std::vector<at::Tensor> large = select_largest_entries(points, kept_);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      auto& [slot, theta, lambda] = weights_[i];
      theta.copy_(points[i]).masked_fill_(large[i].eq(0), 0);
      lambda.sub_(slot->value - theta, mu);
    }
  }

  double mu_;
  LcGrowth growth_;
  Engine* engine_ = nullptr;
  double sparsity_ = 0;
  std::int64_t epochs_ = 0, kept_ = 0;  // kept_: K
  std::vector<Constrained> weights_;
};

}  // namespace

std::unique_ptr<Method> make_original_lc(double mu, const LcGrowth& growth) {
  return std::make_unique<OriginalLc>(mu, growth);
}

}  // namespace pollard
