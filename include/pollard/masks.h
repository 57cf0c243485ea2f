// Masks live beside the model, keyed by parameter name: 1 = the weight is kept, 0 = it is zero and
// stays zero.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard {

struct Mask {
  std::string name;
  Shape shape;
  std::vector<std::uint8_t> keep;  // element_count(shape) values, 0 or 1

  [[nodiscard]] std::int64_t kept() const;
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(keep.size()); }
  bool operator==(const Mask&) const = default;
};

/// One mask for each prunable parameter, in the graph's order.
class MaskSet {
 public:
  MaskSet() = default;
  explicit MaskSet(std::vector<Mask> masks) : masks_(std::move(masks)) {}
  /// All ones.
  [[nodiscard]] static MaskSet dense(const Graph& graph);

  [[nodiscard]] bool empty() const { return masks_.empty(); }
  [[nodiscard]] const std::vector<Mask>& masks() const { return masks_; }
  [[nodiscard]] std::vector<Mask>& masks() { return masks_; }
  [[nodiscard]] const Mask* find(std::string_view name) const;
  [[nodiscard]] std::int64_t kept() const;
  [[nodiscard]] std::int64_t size() const;

  /// As tensors of type U8 with the parameters' names, for files.
  [[nodiscard]] TensorMap to_tensors() const;
  /// In the graph's order. Throws Error{Input} naming a mask that is missing, has another shape, or
  /// values besides 0 and 1.
  [[nodiscard]] static MaskSet from_tensors(const Graph& graph, const TensorMap& tensors);
  bool operator==(const MaskSet&) const = default;

 private:
  std::vector<Mask> masks_;
};

/// Keeps the weights of `state` that are not zero.
[[nodiscard]] MaskSet masks_of_zeros(const Graph& graph, const TensorMap& state);

/// Sets every masked weight of `state` to exactly zero.
void apply_masks(const MaskSet& masks, TensorMap& state);

}  // namespace pollard
