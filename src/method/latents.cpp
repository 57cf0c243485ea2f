#include "method/latents.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "exec/host_tensors.h"
#include "method/method_state.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::string value_key(const ParameterSlot& slot) { return "latents/" + slot.name; }
std::string velocity_key(const ParameterSlot& slot) { return "latent_velocities/" + slot.name; }

}  // namespace

void Latents::add(std::string name, const at::Tensor& value, double decay) {
  ParameterSlot slot;
  slot.name = std::move(name);
  slot.value = value.detach().clone();
  slot.velocity = at::zeros_like(slot.value);
  slot.prunable = true;  // decayed like a weight, where decay counts at all
  slot.decay = decay;
  slot.value.set_requires_grad(true);
  slots_.push_back(std::move(slot));
}

const at::Tensor& Latents::at(std::string_view name) const {
  const auto found = std::ranges::find(slots_, name, &ParameterSlot::name);
  if (found == slots_.end()) {
    throw Error(ErrorCode::Internal, "no latent parameter '" + std::string(name) + "'");
  }
  return found->value;
}

void Latents::take_gradients() {
  for (ParameterSlot& slot : slots_) {
    slot.gradient = slot.value.grad();
    slot.value.mutable_grad() = at::Tensor();
  }
}

void Latents::save(TensorMap& state) const {
  for (const ParameterSlot& slot : slots_) {
    state.insert_or_assign(value_key(slot), to_host(slot.value));
    state.insert_or_assign(velocity_key(slot), to_host(slot.velocity));
  }
}

void Latents::load(const TensorMap& state) {
  for (ParameterSlot& slot : slots_) {
    restore_tensor(slot.value, state, value_key(slot));
    restore_tensor(slot.velocity, state, velocity_key(slot));
  }
}

}  // namespace pollard
