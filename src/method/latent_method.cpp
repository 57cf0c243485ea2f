#include "method/latent_method.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "exec/host_tensors.h"
#include "method/sparsity_target.h"
#include "method/tensor_selection.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

template <typename T>
HostTensor number_tensor(DType type, T number) {
  HostTensor tensor = HostTensor::zeros(type, {});
  std::memcpy(tensor.bytes.data(), &number, sizeof number);
  return tensor;
}

template <typename T>
T read_number(const TensorMap& state, const std::string& key, DType type) {
  const auto found = state.find(key);
  if (found == state.end() || found->second.dtype != type || !found->second.shape.empty()) {
    throw Error(ErrorCode::Input, "the method's state has no number '" + key + "'",
                "resume with the method and the network it was saved with");
  }
  T number;
  std::memcpy(&number, found->second.bytes.data(), sizeof number);
  return number;
}

}  // namespace

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

HostTensor count_tensor(std::int64_t count) { return number_tensor(DType::I64, count); }
HostTensor real_tensor(double value) { return number_tensor(DType::F64, value); }

std::int64_t read_count(const TensorMap& state, const std::string& key) {
  return read_number<std::int64_t>(state, key, DType::I64);
}
double read_real(const TensorMap& state, const std::string& key) {
  return read_number<double>(state, key, DType::F64);
}

}  // namespace pollard
