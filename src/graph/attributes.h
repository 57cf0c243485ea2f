// Which attributes an operator has, in which order: that of .plrd files and of graph_hash().
#pragma once

#include <type_traits>

#include "pollard/graph.h"

namespace pollard {

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

}  // namespace pollard
