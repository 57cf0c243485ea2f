// Shape inference with ONNX's semantics, and the multiply-adds that follow from the shapes.
//
//   Conv, pooling   out = floor((in + pads - (dilation * (kernel - 1) + 1)) / stride) + 1
//   ceil_mode       ceil instead of floor, less the windows that would start in the right padding
//   Slice           starts and ends count from the back where negative, then are clamped to [0, in]
//
// Dimension 0 is the batch: no operator may change it, because here it stands for any batch size.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "pollard/error.h"
#include "pollard/graph.h"

namespace pollard {
namespace {

// Sizes and attributes stay below 2^31, so that sums and single products of them fit 64 bits.
constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();

struct Context {
  std::string_view node;
  std::span<const Shape> inputs;

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw Error(ErrorCode::Input,
                fmt::format("{}: {}", node, fmt::format(text, std::forward<Args>(args)...)));
  }

  void expect_inputs(std::size_t fewest, std::size_t most) const {
    if (inputs.size() >= fewest && inputs.size() <= most) return;
    if (fewest == most) fail("expected {} inputs, got {}", fewest, inputs.size());
    fail("expected {} to {} inputs, got {}", fewest, most, inputs.size());
  }

  void expect_rank(std::size_t input, std::size_t rank) const {
    if (inputs[input].size() == rank) return;
    fail("input {} must have {} dimensions, its shape is {}", input, rank,
         to_string(inputs[input]));
  }

  void expect_shape(std::size_t input, const Shape& shape) const {
    if (inputs[input] == shape) return;
    fail("input {} must have shape {}, it has {}", input, to_string(shape),
         to_string(inputs[input]));
  }

  /// element_count whose error names the node.
  std::int64_t count(const Shape& shape) const {
    try {
      return element_count(shape);
    } catch (const Error& error) {
      fail("{}", error.what());
    }
  }

  template <typename Values>
  void expect_range(std::string_view what, const Values& values, std::int64_t smallest) const {
    for (const std::int64_t value : values) {
      if (value < smallest || value > kLargest) {
        fail("{} must be in [{}, {}], got {}", what, smallest, kLargest, value);
      }
    }
  }
};

struct Window {
  std::int64_t kernel, stride, dilation, pad_begin, pad_end;
  bool ceil_mode;
};

/// How many windows fit along one dimension of `size` pixels.
std::int64_t count_windows(const Context& at, std::int64_t size, const Window& w) {
  const std::int64_t extent = w.dilation * (w.kernel - 1) + 1;
  const std::int64_t room = size + w.pad_begin + w.pad_end - extent;
  const std::int64_t rounded = room + (w.ceil_mode ? w.stride - 1 : 0);
  if (rounded < 0) {
    at.fail("a kernel spanning {} pixels does not fit into {} with padding {} and {}", extent, size,
            w.pad_begin, w.pad_end);
  }
  const std::int64_t count = rounded / w.stride + 1;
  const bool last_in_padding = w.ceil_mode && (count - 1) * w.stride >= size + w.pad_begin;
  return last_in_padding ? count - 1 : count;
}

Shape infer(const Context& at, const Conv& op) {
  at.expect_inputs(2, 3);
  at.expect_rank(0, 4);
  at.expect_rank(1, 4);
  at.expect_range("strides", op.strides, 1);
  at.expect_range("dilations", op.dilations, 1);
  at.expect_range("pads", op.pads, 0);
  const Shape& x = at.inputs[0];
  const Shape& weight = at.inputs[1];
  if (op.groups < 1 || op.groups > kLargest || weight[0] % op.groups != 0) {
    at.fail("{} output channels cannot be split into {} groups", weight[0], op.groups);
  }
  if (x[1] != weight[1] * op.groups) {
    at.fail("a weight {} with {} groups expects {} input channels, got {}", to_string(weight),
            op.groups, weight[1] * op.groups, x[1]);
  }
  if (at.inputs.size() == 3) at.expect_shape(2, {weight[0]});
  const auto size = [&](std::size_t i) {
    return count_windows(
        at, x[2 + i],
        {weight[2 + i], op.strides[i], op.dilations[i], op.pads[i], op.pads[2 + i], false});
  };
  return {x[0], weight[0], size(0), size(1)};
}

template <typename Pool>
Shape infer_pool(const Context& at, const Pool& op) {
  at.expect_inputs(1, 1);
  at.expect_rank(0, 4);
  at.expect_range("kernel", op.kernel, 1);
  at.expect_range("strides", op.strides, 1);
  at.expect_range("pads", op.pads, 0);
  const Shape& x = at.inputs[0];
  const auto size = [&](std::size_t i) {
    const std::int64_t begin = op.pads[i], end = op.pads[2 + i];
    if (std::max(begin, end) >= op.kernel[i]) {
      at.fail(
          "padding {} and {} must be smaller than the kernel, {}: a window of nothing but padding "
          "has no value",
          begin, end, op.kernel[i]);
    }
    return count_windows(at, x[2 + i], {op.kernel[i], op.strides[i], 1, begin, end, op.ceil_mode});
  };
  return {x[0], x[1], size(0), size(1)};
}

Shape infer(const Context& at, const MaxPool& op) { return infer_pool(at, op); }
Shape infer(const Context& at, const AveragePool& op) { return infer_pool(at, op); }

Shape infer(const Context& at, const GlobalAveragePool&) {
  at.expect_inputs(1, 1);
  at.expect_rank(0, 4);
  return {at.inputs[0][0], at.inputs[0][1], 1, 1};
}

Shape infer(const Context& at, const BatchNormalization& op) {
  at.expect_inputs(5, 5);
  const Shape& x = at.inputs[0];
  if (x.size() < 2) at.fail("input 0 must have channels, its shape is {}", to_string(x));
  if (!(op.epsilon > 0) || !std::isfinite(op.epsilon)) {
    at.fail("epsilon must be positive, got {}", op.epsilon);
  }
  if (!(op.momentum >= 0 && op.momentum <= 1)) {
    at.fail("momentum must be in [0, 1], got {}", op.momentum);
  }
  for (std::size_t i = 1; i < 5; ++i) at.expect_shape(i, {x[1]});
  return x;
}

Shape infer(const Context& at, const Relu&) {
  at.expect_inputs(1, 1);
  return at.inputs[0];
}

Shape infer(const Context& at, const Identity&) {
  at.expect_inputs(1, 1);
  return at.inputs[0];
}

Shape infer(const Context& at, const Clip& op) {
  at.expect_inputs(1, 1);
  if (!(op.minimum <= op.maximum)) {
    at.fail("the minimum {} must not exceed the maximum {}", op.minimum, op.maximum);
  }
  return at.inputs[0];
}

Shape infer(const Context& at, const Dropout& op) {
  at.expect_inputs(1, 1);
  if (!(op.ratio >= 0 && op.ratio < 1)) at.fail("ratio must be in [0, 1), got {}", op.ratio);
  return at.inputs[0];
}

Shape infer(const Context& at, const Add&) {
  at.expect_inputs(2, 2);
  at.expect_shape(1, at.inputs[0]);
  return at.inputs[0];
}

Shape infer(const Context& at, const Gemm&) {
  at.expect_inputs(2, 3);
  at.expect_rank(0, 2);
  at.expect_rank(1, 2);
  const Shape& x = at.inputs[0];
  const Shape& weight = at.inputs[1];
  if (x[1] != weight[1]) {
    at.fail("a weight {} expects {} inputs, got {}", to_string(weight), weight[1], x[1]);
  }
  if (at.inputs.size() == 3) at.expect_shape(2, {weight[0]});
  return {x[0], weight[0]};
}

Shape infer(const Context& at, const Flatten&) {
  at.expect_inputs(1, 1);
  const Shape& x = at.inputs[0];
  if (x.empty()) at.fail("input 0 must have a batch dimension, it is a scalar");
  Shape rest(x.begin() + 1, x.end());
  return {x[0], at.count(rest)};
}

Shape infer(const Context& at, const Pad& op) {
  at.expect_inputs(1, 1);
  Shape shape = at.inputs[0];
  const std::size_t rank = shape.size();
  if (op.pads.size() != 2 * rank) {
    at.fail("shape {} needs {} pads, got {}", to_string(shape), 2 * rank, op.pads.size());
  }
  at.expect_range("pads", op.pads, -kLargest);
  for (std::size_t i = 0; i < rank; ++i) shape[i] += op.pads[i] + op.pads[rank + i];
  if (rank > 0 && (op.pads[0] != 0 || op.pads[rank] != 0)) at.fail("the batch cannot be padded");
  return shape;
}

/// The dimension that `axis` names (negative: from the back); never the batch.
std::size_t resolve_axis(const Context& at, std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) at.fail("there is no axis {} of {}", axis, rank);
  const std::int64_t resolved = axis < 0 ? axis + count : axis;
  if (resolved == 0) at.fail("axis 0 is the batch and stays whole");
  return static_cast<std::size_t>(resolved);
}

std::int64_t slice_size(std::int64_t size, std::int64_t start, std::int64_t end,
                        std::int64_t step) {
  const auto place = [size](std::int64_t position) {
    return std::clamp<std::int64_t>(position < 0 ? position + size : position, 0, size);
  };
  const std::int64_t length = place(end) - place(start);
  return length <= 0 ? 0 : (length - 1) / step + 1;
}

Shape infer(const Context& at, const Slice& op) {
  at.expect_inputs(1, 1);
  const std::size_t count = op.axes.size();
  if (op.starts.size() != count || op.ends.size() != count || op.steps.size() != count) {
    at.fail("starts, ends, axes and steps must be of one length, got {}, {}, {} and {}",
            op.starts.size(), op.ends.size(), count, op.steps.size());
  }
  Shape shape = at.inputs[0];
  std::vector<bool> seen(shape.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t axis = resolve_axis(at, op.axes[i], shape.size());
    if (seen[axis]) at.fail("axis {} is sliced twice", op.axes[i]);
    seen[axis] = true;
    if (op.steps[i] < 1) at.fail("steps must be positive, got {}", op.steps[i]);
    shape[axis] = slice_size(shape[axis], op.starts[i], op.ends[i], op.steps[i]);
  }
  return shape;
}

Shape infer(const Context& at, const Concat& op) {
  if (at.inputs.empty()) at.fail("expected at least one input, got 0");
  Shape shape = at.inputs[0];
  const std::size_t axis = resolve_axis(at, op.axis, shape.size());
  for (std::size_t i = 1; i < at.inputs.size(); ++i) {
    at.expect_rank(i, shape.size());
    Shape other = at.inputs[i];
    shape[axis] += other[axis];
    other[axis] = shape[axis];
    if (other != shape) {
      at.fail("input {} of shape {} cannot join {} along axis {}", i, to_string(at.inputs[i]),
              to_string(at.inputs[0]), op.axis);
    }
  }
  return shape;
}

}  // namespace

Shape infer_shape(std::string_view node, const Operator& op, const std::vector<Shape>& inputs) {
  const Context at{node, inputs};
  for (const Shape& input : inputs) at.expect_range("input sizes", input, 1);
  Shape output = std::visit([&at](const auto& concrete) { return infer(at, concrete); }, op);
  for (const std::int64_t size : output) {
    if (size < 1 || size > kLargest) {
      at.fail("the output would have shape {}; every size must be in [1, {}]", to_string(output),
              kLargest);
    }
  }
  (void)at.count(output);
  return output;
}

// Each output element costs the weights of one output channel: C/groups * kh * kw, or K.
std::int64_t multiply_adds(const Graph& graph, const Node& node) {
  if (!std::holds_alternative<Conv>(node.op) && !std::holds_alternative<Gemm>(node.op)) return 0;
  Shape factors = graph.shape(node.output);
  const Shape& weight = graph.shape(node.inputs[1]);
  factors.insert(factors.end(), weight.begin() + 1, weight.end());
  return Context{node.name, {}}.count(factors);
}

std::int64_t multiply_adds(const Graph& graph) {
  std::int64_t total = 0;
  for (const Node& node : graph.nodes()) total += multiply_adds(graph, node);
  return total;
}

}  // namespace pollard
