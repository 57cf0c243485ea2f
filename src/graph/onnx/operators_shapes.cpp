// What changes shapes: to one row an image, means over the pixels, padding, cuts and joins.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "graph/byte_cursor.h"
#include "graph/onnx/fold.h"
#include "graph/onnx/operators.h"

namespace pollard {
namespace {

using Numbers = std::vector<std::int64_t>;

/// Elements of an image.
std::int64_t image_size(const Shape& shape) { return element_count(std::span(shape).subspan(1)); }

/// The axes, from the front and in order.
Numbers resolved(const Numbers& axes, std::size_t rank) {
  Numbers from_front;
  for (const std::int64_t axis : axes) {
    from_front.push_back(static_cast<std::int64_t>(resolve_axis(axis, rank)));
  }
  std::ranges::sort(from_front);
  return from_front;
}

}  // namespace

std::string convert_flatten(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const std::int64_t axis = node.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(at.network.shape(x).size());
  if (axis != 1 && axis != 1 - rank)
    unusable(fmt::format("axis {} is not supported, only 1", axis));
  return at.network.add_node(node, Flatten{}, {x});
}

// To [batch, rest] alone. The batch is called 0 (as it is), -1 (whatever is left), or what Shape
// gave for it.
std::string convert_reshape(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const Shape& shape = at.network.shape(x);
  const Numbers target = node.whole_numbers(1);
  const bool zero_is_zero = node.integer("allowzero", 0) != 0;
  const std::int64_t rest = image_size(shape);
  const bool two = target.size() == 2;
  const bool batch = two && ((target[0] == 0 && !zero_is_zero) || target[0] == at.batch ||
                             (target[0] == -1 && target[1] == rest));
  const bool kept = two && shape.size() == 2 && target[1] == 0 && !zero_is_zero;
  if (!batch || (target[1] != -1 && target[1] != rest && !kept)) {
    unusable(fmt::format("from {} to {} is not supported, only to one row an image",
                         to_string(shape), shortened(to_string(target))));
  }
  return at.network.add_node(node, Flatten{}, {x});
}

std::string convert_squeeze(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const Shape& shape = at.network.shape(x);
  const Numbers axes = resolved(node.integers("axes", 1).value_or(Numbers{}), shape.size());
  if (shape.size() != 4 || axes != Numbers{2, 3} || shape[2] != 1 || shape[3] != 1) {
    unusable("only height and width of one pixel are squeezed");
  }
  return at.network.add_node(node, Flatten{}, {x});
}

std::string convert_reduce_mean(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  node.ignore("noop_with_empty_axes");
  const std::size_t rank = at.network.shape(x).size();
  const Numbers axes = resolved(node.integers("axes", 1).value_or(Numbers{}), rank);
  const bool keeps = node.integer("keepdims", 1) != 0;
  if (rank != 4 || axes != Numbers{2, 3}) {
    unusable("only means over height and width are supported");
  }
  const std::string mean = at.network.add_node(node, GlobalAveragePool{}, {x});
  return keeps ? mean : at.network.add_node(mean + ".flatten", Flatten{}, {mean});
}

std::string convert_pad(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant") unusable(fmt::format("mode '{}' is not supported", shortened(mode)));
  const auto given = node.integers("pads", 1);
  if (!given) unusable("it has no pads");
  const std::size_t rank = at.network.shape(x).size();
  Pad op{*given, node.number("value", 2).value_or(0)};
  if (node.has_input(3)) {  // for some axes only
    const Numbers axes = node.whole_numbers(3);
    if (given->size() != 2 * axes.size()) unusable("pads and axes are not of one length");
    op.pads.assign(2 * rank, 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::size_t axis = resolve_axis(axes[i], rank);
      op.pads[axis] = (*given)[i];
      op.pads[rank + axis] = (*given)[axes.size() + i];
    }
  }
  return at.network.add_node(node, std::move(op), {x});
}

std::string convert_slice(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const auto starts = node.integers("starts", 1), ends = node.integers("ends", 2);
  if (!starts || !ends) unusable("it has no starts or ends");
  Numbers all(starts->size());
  std::iota(all.begin(), all.end(), 0);
  Slice op{*starts, *ends, node.integers("axes", 3).value_or(all), {}};
  op.steps = node.has_input(4) ? node.whole_numbers(4) : Numbers(op.axes.size(), 1);
  return at.network.add_node(node, std::move(op), {x});
}

std::string convert_concat(OnnxNode& node, OnnxContext& at) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < node.input_count(); ++i) values.push_back(node.value(i));
  if (values.empty()) unusable("it has no inputs");
  return at.network.add_node(node, Concat{node.integer("axis", 1)}, std::move(values));
}

}  // namespace pollard
