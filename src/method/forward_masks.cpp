#include "method/forward_masks.h"

#include <ATen/ATen.h>

#include "exec/host_tensors.h"
#include "method/straight_through.h"
#include "method/tensor_selection.h"

namespace pollard {

void ForwardMasks::attach(Engine& engine, MaskGradient gradient) {
  engine_ = &engine;
  slots_ = prunable_slots(engine);
  masks_.clear();
  for (const ParameterSlot* slot : slots_) {
    masks_.emplace(slot->name, at::ones_like(slot->value.detach()));
  }
  engine.set_masks({});
  const auto effective = [this, gradient](std::string_view name, const at::Tensor& weight) {
    const at::Tensor& mask = masks_.find(name)->second;
    return gradient == MaskGradient::Masked ? weight * mask : straight_through(weight, mask);
  };
  engine.set_effective_weights(effective, {});
}

std::vector<at::Tensor> ForwardMasks::weights() const {
  std::vector<at::Tensor> weights;
  for (const ParameterSlot* slot : slots_) weights.push_back(slot->value.detach());
  return weights;
}

std::int64_t ForwardMasks::size() const { return engine_->graph().prunable_weights(); }

std::int64_t ForwardMasks::kept() const {
  std::int64_t kept = 0;
  for (const auto& [name, mask] : masks_) kept += at::count_nonzero(mask).item<std::int64_t>();
  return kept;
}

void ForwardMasks::set(std::span<const at::Tensor> masks) {
  for (std::size_t i = 0; i < slots_.size(); ++i) masks_.at(slots_[i]->name).copy_(masks[i]);
}

TensorMap ForwardMasks::save() const {
  TensorMap tensors;
  for (const auto& [name, mask] : masks_) tensors.emplace(name, to_host(mask.to(at::kByte)));
  return tensors;
}

void ForwardMasks::load(const TensorMap& masks) {
  const TensorMap checked = MaskSet::from_tensors(engine_->graph(), masks).to_tensors();
  for (auto& [name, mask] : masks_) copy_into(mask, checked.at(name));
}

void ForwardMasks::stop_masked() {
  for (ParameterSlot* slot : slots_) slot->velocity.masked_fill_(masks_.at(slot->name).eq(0), 0);
}

MaskSet ForwardMasks::finish() {
  const TensorMap masks = save();
  engine_->set_effective_weights({}, {});
  engine_->set_masks(masks);
  return MaskSet::from_tensors(engine_->graph(), masks);
}

}  // namespace pollard
