#include "exec/parameter_store.h"

#include "exec/host_tensors.h"
#include "pollard/error.h"

namespace pollard {
namespace {

const HostTensor& find(const TensorMap& map, const std::string& name, const at::Tensor& like,
                       DType dtype = DType::F32) {
  const auto found = map.find(name);
  if (found == map.end()) {
    throw Error(ErrorCode::Input, "there is no tensor '" + name + "'",
                "use the tensors of the same network");
  }
  const HostTensor& tensor = found->second;
  if (tensor.dtype != dtype || tensor.shape != like.sizes().vec()) {
    throw Error(ErrorCode::Input,
                "tensor '" + name + "' is " + std::string(dtype_name(tensor.dtype)) + " " +
                    to_string(tensor.shape) + ", expected " + std::string(dtype_name(dtype)) + " " +
                    to_string(like.sizes().vec()),
                "use the tensors of the same network");
  }
  return tensor;
}

}  // namespace

ParameterStore::ParameterStore(const Graph& graph, at::Device device, bool channels_last) {
  for (const ParameterInfo& info : graph.parameters()) add(info, device, channels_last);
}

void ParameterStore::add(const ParameterInfo& info, at::Device device, bool channels_last) {
  at::Tensor value = at::zeros(info.shape, at::TensorOptions().dtype(at::kFloat).device(device));
  if (channels_last && value.dim() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
  if (info.trainable()) {
    value.set_requires_grad(true);
    slots_.push_back({.name = info.name,
                      .prunable = info.prunable(),
                      .value = value,
                      .gradient = {},
                      .velocity = at::zeros_like(value.detach()),
                      .mask = {},
                      .weight = info.role == ParameterRole::Weight});
  }
  tensors_.emplace(info.name, value);
}

TensorMap ParameterStore::state() const {
  TensorMap state;
  for (const auto& [name, tensor] : tensors_) state.emplace(name, to_host(tensor));
  return state;
}

void ParameterStore::load_state(const TensorMap& state) {
  for (const auto& [name, tensor] : tensors_) (void)find(state, name, tensor);  // all or none
  for (auto& [name, tensor] : tensors_) copy_into(tensor, find(state, name, tensor));
  apply_masks_now();
}

TensorMap ParameterStore::velocity() const {
  TensorMap state;
  for (const ParameterSlot& slot : slots_) state.emplace(slot.name, to_host(slot.velocity));
  return state;
}

void ParameterStore::load_velocity(const TensorMap& velocity) {
  for (const ParameterSlot& slot : slots_) (void)find(velocity, slot.name, slot.velocity);
  for (ParameterSlot& slot : slots_) {
    copy_into(slot.velocity, find(velocity, slot.name, slot.velocity));
  }
  apply_masks_now();
}

void ParameterStore::set_masks(const TensorMap& masks) {
  const auto masked = [&](const ParameterSlot& slot) { return slot.prunable && !masks.empty(); };
  for (const ParameterSlot& slot : slots_) {
    if (masked(slot)) (void)find(masks, slot.name, slot.value, DType::U8);
  }
  for (ParameterSlot& slot : slots_) {
    slot.mask = at::Tensor();
    if (!masked(slot)) continue;
    slot.mask = at::empty_like(slot.value.detach(), slot.value.options().dtype(at::kByte));
    copy_into(slot.mask, masks.at(slot.name));
  }
  apply_masks_now();
}

void ParameterStore::apply_masks_now() {
  const at::NoGradGuard no_grad;
  for (ParameterSlot& slot : slots_) {
    if (!slot.mask.defined()) continue;
    const at::Tensor masked = slot.mask.eq(0);  // filled, not multiplied: no -0 and no NaN stays
    slot.value.masked_fill_(masked, 0);
    slot.velocity.masked_fill_(masked, 0);
  }
}

}  // namespace pollard
