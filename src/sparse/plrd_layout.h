// What the writer and the reader of .plrd files must agree on: limits, codes, and which attributes
// an operator has, in which order.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "pollard/graph.h"

namespace pollard::sparse::plrd {

constexpr std::uint64_t kLongestName = 255;
constexpr std::uint64_t kMostEntries = 65'536;  // metadata, parameters, nodes, each
constexpr std::uint64_t kMostInputs = 262'144;  // of all nodes together
constexpr std::uint64_t kMostDimensions = 8;
/// All tensors together: zeros cost nothing in the file, but memory.
constexpr std::uint64_t most_tensor_bytes(std::uint64_t file_bytes) {
  return 1024 * file_bytes + (std::uint64_t{64} << 20);
}
/// Floats of all values that one image makes on its way, padding included.
constexpr std::int64_t kMostActivations = std::int64_t{1} << 28;

/// In the order of their codes, 0 to 5.
inline constexpr std::array kRoles{ParameterRole::Weight,      ParameterRole::Bias,
                                   ParameterRole::Scale,       ParameterRole::Shift,
                                   ParameterRole::RunningMean, ParameterRole::RunningVariance};

/// Calls see(attribute) for each attribute of the operator.
template <typename Op, typename See>
void for_each_attribute(Op& op, const See& see) {
  using T = std::remove_const_t<Op>;
  if constexpr (std::is_same_v<T, Conv>) {
    see(op.strides), see(op.pads), see(op.dilations), see(op.groups);
  } else if constexpr (std::is_same_v<T, BatchNormalization>) {
    see(op.epsilon), see(op.momentum);
  } else if constexpr (std::is_same_v<T, Clip>) {
    see(op.minimum), see(op.maximum);
  } else if constexpr (std::is_same_v<T, MaxPool>) {
    see(op.kernel), see(op.strides), see(op.pads), see(op.ceil_mode);
  } else if constexpr (std::is_same_v<T, AveragePool>) {
    see(op.kernel), see(op.strides), see(op.pads), see(op.ceil_mode), see(op.count_include_pad);
  } else if constexpr (std::is_same_v<T, Pad>) {
    see(op.pads), see(op.value);
  } else if constexpr (std::is_same_v<T, Slice>) {
    see(op.starts), see(op.ends), see(op.axes), see(op.steps);
  } else if constexpr (std::is_same_v<T, Concat>) {
    see(op.axis);
  } else if constexpr (std::is_same_v<T, Dropout>) {
    see(op.ratio);
  } else {
    static_assert(std::is_empty_v<T>, "list the attributes of this operator");
  }
}

}  // namespace pollard::sparse::plrd
