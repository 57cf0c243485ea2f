#include "method/latent_method.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "exec/host_tensors.h"
#include "method/method_state.h"
#include "method/sparsity_target.h"
#include "method/tensor_selection.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

std::string decay_key(std::string_view method) {
  return "method." + std::string(method) + ".double_decay";
}

}  // namespace

void declare_double_decay(ParameterTable& table, std::string_view method) {
  table.add({.key = decay_key(method),
             .fallback = false,
             .unit = "",
             .help = "Decay the prunable weights twice, as in the code of the IMP paper.",
             .only_with = OnlyWith{"train.method", {std::string(method)}}});
}

LatentMethodSettings latent_settings(const Config& config, std::string_view method) {
  return {.target = config.real("method.target_sparsity"),
          .double_decay = config.flag(decay_key(method))};
}

void LatentMethod::attach(const MethodContext& context) {
  engine_ = &context.engine;
  weights_ = prunable_slots(*engine_);
  goal_ = settings_.target == 1 ? context.sparsity : settings_.target;
  steps_ = context.epochs * context.steps_per_epoch;
  size_ = engine_->graph().prunable_weights();
  for (ParameterSlot* slot : weights_) slot->decay = settings_.double_decay ? 2 : 1;
  if (kept_at(size_, goal_) <= 0) {
    throw Error(ErrorCode::Config,
                fmt::format("a sparsity of {} leaves none of {} weights", goal_, size_),
                "lower prune.sparsity or method.target_sparsity");
  }
  add_latents();
  engine_->set_masks({});
  engine_->set_effective_weights(
      [this](std::string_view name, const at::Tensor& weight) { return effective(name, weight); },
      {});
}

void LatentMethod::after_backward(const TrainingPosition&) {
  const at::NoGradGuard no_grad;
  latents_.take_gradients();
  for (ParameterSlot& slot : latents_.slots()) {
    if (!slot.gradient.defined()) slot.gradient = at::zeros_like(slot.value);
  }
  add_penalties();
}

void LatentMethod::after_step(const TrainingPosition& at) {
  const at::NoGradGuard no_grad;
  step_ = at.step;
  if (goal_ > 0 && step_ % control_interval(steps_) == 0) control();
  after_move();
}

void LatentMethod::control() {
  const std::int64_t pruned = size_ - kept_at(size_, sparsity_path(goal_, step_, steps_));
  if (pruned == 0) return;
  std::vector<at::Tensor> all;
  for (const ParameterSlot* slot : weights_) all.push_back(margins(slot->name, slot->value));
  const double whole = shift_that_prunes(all, pruned);
  if (std::isfinite(whole)) shift(kControlGain * whole);
  after_control(kept_at(size_, goal_));
}

MaskSet LatentMethod::finish() {
  const at::NoGradGuard no_grad;
  step_ = steps_;
  const MaskSet masks = goal_ > 0 ? land_on_goal() : own_masks();
  if (masks.kept() == 0) {
    throw Error(ErrorCode::Numeric, fmt::format("train.method={} has pruned every weight", name()),
                advice());
  }
  for (ParameterSlot* slot : weights_) {
    slot->value.copy_(final_weight(slot->name, slot->value));
    slot->decay = 1;
  }
  engine_->set_effective_weights({}, {});
  engine_->set_masks(masks.to_tensors());
  return masks;
}

MaskSet LatentMethod::land_on_goal() {
  std::vector<HostTensor> all;
  for (const ParameterSlot* slot : weights_)
    all.push_back(to_host(margins(slot->name, slot->value)));
  Landing landing = land(MaskSet::dense(engine_->graph()), all, kept_at(size_, goal_));
  landing_shift_ = landing.shift;
  shift(landing.shift);
  return std::move(landing.masks);
}

MaskSet LatentMethod::own_masks() const {
  TensorMap masks;
  for (const ParameterSlot* slot : weights_) {
    masks.emplace(slot->name, to_host(keeps(slot->name, slot->value).to(at::kByte)));
  }
  return MaskSet::from_tensors(engine_->graph(), masks);
}

double LatentMethod::present_sparsity() const {
  const at::NoGradGuard no_grad;
  return 1 - static_cast<double>(own_masks().kept()) / static_cast<double>(size_);
}

at::Tensor LatentMethod::keeps(std::string_view name, const at::Tensor& weight) const {
  return margins(name, weight).gt(0);
}

at::Tensor LatentMethod::final_weight(std::string_view name, const at::Tensor& weight) const {
  return effective(name, weight);
}

double LatentMethod::progress() const {
  return steps_ > 0 ? static_cast<double>(step_) / static_cast<double>(steps_) : 0;
}

TensorMap LatentMethod::save() const {
  TensorMap state = {{"steps", count_tensor(step_)}};
  latents_.save(state);
  return state;
}

void LatentMethod::load(const TensorMap& state) {
  step_ = read_count(state, "steps");
  latents_.load(state);
}

}  // namespace pollard
