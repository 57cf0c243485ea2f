#include "pollard/sgd.h"

#include <ATen/ATen.h>

#include "train/sgd_kernel.h"

namespace pollard {
namespace {

bool same_memory_order(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() && a.is_non_overlapping_and_dense();
}

// The gradient in the value's memory order.
at::Tensor aligned_gradient(const ParameterSlot& slot) {
  if (same_memory_order(slot.gradient, slot.value)) return slot.gradient;
  return at::empty_like(slot.value).copy_(slot.gradient);
}

void update_on_device(ParameterSlot& slot, const SgdNumbers& n) {
  const at::Tensor g = n.decay == 0 ? slot.gradient : slot.gradient.add(slot.value, n.decay);
  slot.velocity.mul_(n.momentum).add_(g);
  slot.value.add_(n.nesterov ? g.add(slot.velocity, n.momentum) : slot.velocity, -n.rate);
  if (!slot.mask.defined()) return;
  const at::Tensor masked = slot.mask.eq(0);
  slot.value.masked_fill_(masked, 0);
  slot.velocity.masked_fill_(masked, 0);
}

}  // namespace

bool is_decayed(const ParameterSlot& slot, const SgdSettings& settings) {
  return settings.decay_all || slot.prunable || slot.weight;
}

void sgd_step(std::span<ParameterSlot> slots, const SgdSettings& settings, double rate) {
  const at::NoGradGuard no_grad;
  for (ParameterSlot& slot : slots) {
    if (!slot.gradient.defined()) continue;
    const bool decayed = is_decayed(slot, settings);
    const SgdNumbers numbers{static_cast<float>(rate), static_cast<float>(settings.momentum),
                             static_cast<float>(decayed ? slot.decay * settings.weight_decay : 0),
                             settings.nesterov};
    const bool plain = slot.value.is_cpu() && slot.value.scalar_type() == at::kFloat &&
                       same_memory_order(slot.velocity, slot.value) &&
                       (!slot.mask.defined() || same_memory_order(slot.mask, slot.value));
    if (!plain) {
      update_on_device(slot, numbers);
      continue;
    }
    sgd_update(numbers, slot.value.numel(), slot.value.data_ptr<float>(),
               slot.velocity.data_ptr<float>(), aligned_gradient(slot).data_ptr<float>(),
               slot.mask.defined() ? slot.mask.data_ptr<std::uint8_t>() : nullptr);
  }
}

}  // namespace pollard
