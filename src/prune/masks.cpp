// Masks: counting, files, and zeroing what they mask.
#include "pollard/masks.h"

#include <fmt/format.h>

#include <algorithm>

#include "pollard/error.h"
#include "prune/weights.h"

namespace pollard {
namespace {

void check_tensor(const ParameterInfo& parameter, const HostTensor& tensor) {
  if (tensor.dtype == DType::U8 && tensor.shape == parameter.shape) return;
  throw Error(
      ErrorCode::Input,
      fmt::format("the mask of '{}' is {} {}; expected U8 {}", parameter.name,
                  dtype_name(tensor.dtype), to_string(tensor.shape), to_string(parameter.shape)),
      "use the masks of the same model");
}

Mask mask_from(const ParameterInfo& parameter, const TensorMap& tensors) {
  const auto found = tensors.find(parameter.name);
  if (found == tensors.end()) {
    throw Error(ErrorCode::Input, fmt::format("there is no mask for '{}'", parameter.name),
                "use the masks of the same model");
  }
  check_tensor(parameter, found->second);
  const std::span<const std::uint8_t> values = found->second.u8();
  const auto bad = std::ranges::find_if(values, [](std::uint8_t value) { return value > 1; });
  if (bad != values.end()) {
    throw Error(ErrorCode::Input,
                fmt::format("the mask of '{}' holds {} at index {}; expected 0 or 1",
                            parameter.name, *bad, bad - values.begin()),
                "the file is damaged or holds no masks");
  }
  return {parameter.name, parameter.shape, {values.begin(), values.end()}};
}

}  // namespace

std::int64_t Mask::kept() const { return std::ranges::count(keep, std::uint8_t{1}); }

MaskSet MaskSet::dense(const Graph& graph) {
  std::vector<Mask> masks;
  for (ParameterInfo& parameter : graph.prunable_parameters()) {
    const auto size = static_cast<std::size_t>(element_count(parameter.shape));
    masks.push_back({std::move(parameter.name), std::move(parameter.shape),
                     std::vector<std::uint8_t>(size, 1)});
  }
  return MaskSet(std::move(masks));
}

const Mask* MaskSet::find(std::string_view name) const {
  const auto found = std::ranges::find(masks_, name, &Mask::name);
  return found == masks_.end() ? nullptr : &*found;
}

std::int64_t MaskSet::kept() const {
  std::int64_t kept = 0;
  for (const Mask& mask : masks_) kept += mask.kept();
  return kept;
}

std::int64_t MaskSet::size() const {
  std::int64_t size = 0;
  for (const Mask& mask : masks_) size += mask.size();
  return size;
}

TensorMap MaskSet::to_tensors() const {
  TensorMap tensors;
  for (const Mask& mask : masks_) {
    HostTensor tensor = HostTensor::zeros(DType::U8, mask.shape);
    std::ranges::copy(mask.keep, tensor.u8().begin());
    tensors.emplace(mask.name, std::move(tensor));
  }
  return tensors;
}

MaskSet MaskSet::from_tensors(const Graph& graph, const TensorMap& tensors) {
  std::vector<Mask> masks;
  for (const ParameterInfo& parameter : graph.prunable_parameters()) {
    masks.push_back(mask_from(parameter, tensors));
  }
  return MaskSet(std::move(masks));
}

MaskSet masks_of_zeros(const Graph& graph, const TensorMap& state) {
  MaskSet masks = MaskSet::dense(graph);
  for (Mask& mask : masks.masks()) {
    const std::span<const float> weights = state.at(mask.name).f32();
    for (std::size_t i = 0; i < weights.size(); ++i) mask.keep[i] = weights[i] != 0 ? 1 : 0;
  }
  return masks;
}

void apply_masks(const MaskSet& masks, TensorMap& state) {
  for (const Mask& mask : masks.masks()) {
    float* __restrict weights = weights_of(state, mask.name, mask.shape).data();
    const std::uint8_t* __restrict keep = mask.keep.data();
    const std::size_t size = mask.keep.size();
    // An assignment, not a product: 0 * w would leave -0, or NaN where w is not finite.
#pragma omp simd
    for (std::size_t i = 0; i < size; ++i) weights[i] = keep[i] != 0 ? weights[i] : 0.0f;
  }
}

}  // namespace pollard
