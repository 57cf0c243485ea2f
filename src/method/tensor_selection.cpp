#include "method/tensor_selection.h"

#include <ATen/ATen.h>

#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {

std::vector<at::Tensor> select_largest_entries(std::span<const at::Tensor> scores,
                                               std::int64_t count) {
  std::vector<at::Tensor> host, keep;
  std::vector<SelectionItem> items;
  for (const at::Tensor& score : scores) {
    host.push_back(score.detach().to(at::kCPU));  // the tensor itself where it is there already
    const at::Tensor& values = host.back();
    const bool dense = values.is_non_overlapping_and_dense() && values.scalar_type() == at::kFloat;
    if (!dense) throw Error(ErrorCode::Internal, "selection needs dense tensors of floats");
    keep.push_back(at::ones_like(values, values.options().dtype(at::kByte)));
    const auto size = static_cast<std::size_t>(values.numel());
    items.push_back({std::span<const float>(values.data_ptr<float>(), size),
                     std::span(keep.back().data_ptr<std::uint8_t>(), size)});
  }
  try {
    select_largest(items, count);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Input) throw;
    throw Error(ErrorCode::Numeric, "weights or gradients are not finite",
                "the last checkpoint is from before; lower the learning rate");
  }
  for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = keep[i].to(scores[i].device());
  return keep;
}

std::vector<ParameterSlot*> prunable_slots(Engine& engine) {
  std::vector<ParameterSlot*> slots;
  for (ParameterSlot& slot : engine.slots()) {
    if (slot.prunable) slots.push_back(&slot);
  }
  return slots;
}

}  // namespace pollard
