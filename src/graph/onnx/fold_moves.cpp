#include "graph/onnx/fold_moves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "graph/byte_cursor.h"
#include "graph/onnx/fold.h"

namespace pollard {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr std::size_t kMostDimensions = 8;

/// Elements of a tensor in another order: element (i, j ...) is number offset + i * strides[0] +
/// ...
struct View {
  Shape shape;
  Numbers strides;
  std::int64_t offset = 0;
};

View view_of(const Shape& shape) {
  View view{shape, Numbers(shape.size(), 1), 0};
  if (element_count(shape) == 0) return {shape, Numbers(shape.size(), 0), 0};
  for (std::size_t d = shape.size(); d-- > 1;) {
    view.strides[d - 1] = view.strides[d] * shape[d];
  }
  return view;
}

HostTensor copy(const HostTensor& from, const View& view, TensorReader& tensors) {
  tensors.spend(constant_bytes(view.shape, from.dtype));
  HostTensor made = HostTensor::zeros(from.dtype, view.shape);
  const std::size_t item = byte_size(from.dtype);
  Numbers index(view.shape.size(), 0);
  std::int64_t place = view.offset;
  for (std::size_t at = 0; at < made.bytes.size(); at += item) {
    std::memcpy(made.bytes.data() + at, from.bytes.data() + static_cast<std::size_t>(place) * item,
                item);
    for (std::size_t d = index.size(); d-- > 0;) {
      place += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      place -= view.strides[d] * view.shape[d];
      index[d] = 0;
    }
  }
  return made;
}

HostTensor reshaped(const HostTensor& from, Shape shape) {
  if (shape.size() > kMostDimensions || element_count(shape) != element_count(from.shape)) {
    unusable(fmt::format("a shape {} cannot become {}", to_string(from.shape),
                         shortened(to_string(shape))));
  }
  HostTensor made = from;
  made.shape = std::move(shape);
  return made;
}

Numbers axes_of(OnnxNode& node, std::size_t rank) {
  const auto axes = node.integers("axes", 1);
  if (!axes || axes->size() > kMostDimensions) unusable("it has no axes, or too many");
  Numbers resolved;
  for (const std::int64_t axis : *axes) {
    resolved.push_back(static_cast<std::int64_t>(resolve_axis(axis, rank)));
  }
  std::ranges::sort(resolved);
  if (std::ranges::adjacent_find(resolved) != resolved.end()) unusable("an axis is there twice");
  return resolved;
}

/// Narrows one dimension as Slice does; negative steps go backwards.
void slice(View& view, std::size_t axis, std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0 || step == std::numeric_limits<std::int64_t>::min()) unusable("a step is 0");
  const std::int64_t size = view.shape[axis];
  const auto place = [&](std::int64_t position) {
    if (position < 0) position += size;
    return step > 0 ? std::clamp<std::int64_t>(position, 0, size)
                    : std::clamp<std::int64_t>(position, -1, size - 1);
  };
  const std::int64_t first = place(start), last = place(end);
  const std::int64_t length = step > 0 ? last - first : first - last;
  view.shape[axis] = length <= 0 ? 0 : (length - 1) / std::abs(step) + 1;
  if (view.shape[axis] == 0) return;
  view.offset += first * view.strides[axis];
  view.strides[axis] = view.shape[axis] == 1 ? 0 : view.strides[axis] * step;
}

}  // namespace

std::uint64_t constant_bytes(const Shape& shape, DType type) {
  Shape factors = shape;
  factors.push_back(static_cast<std::int64_t>(byte_size(type)));
  return static_cast<std::uint64_t>(element_count(factors));
}

HostTensor fold_reshape(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  Shape shape = node.whole_numbers(1);
  const bool zero_is_zero = node.integer("allowzero", 0) != 0;
  std::int64_t known = 1, *open = nullptr;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !zero_is_zero && d < from.shape.size()) shape[d] = from.shape[d];
    if (shape[d] == -1 && open == nullptr) {
      open = &shape[d];
    } else {
      known = element_count(Shape{known, shape[d]});
    }
  }
  if (open != nullptr) *open = known == 0 ? 0 : element_count(from.shape) / known;
  tensors.spend(from.bytes.size());
  return reshaped(from, std::move(shape));
}

HostTensor fold_unsqueeze(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  const auto axes = node.integers("axes", 1);
  Shape shape = from.shape;
  for (const std::int64_t axis : axes_of(node, shape.size() + (axes ? axes->size() : 0))) {
    shape.insert(shape.begin() + axis, 1);
  }
  tensors.spend(from.bytes.size());
  return reshaped(from, std::move(shape));
}

HostTensor fold_squeeze(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  Shape shape = from.shape;
  if (!node.has_input(1) && !node.integers("axes")) {
    std::erase(shape, 1);
  } else {
    const Numbers axes = axes_of(node, shape.size());
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) shape.erase(shape.begin() + *axis);
  }
  tensors.spend(from.bytes.size());
  return reshaped(from, std::move(shape));
}

HostTensor fold_transpose(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  const std::size_t rank = from.shape.size();
  Numbers order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  if (const auto given = node.integers("perm")) order = *given;
  Numbers sorted = order, all(rank);
  std::ranges::sort(sorted);
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all)
    unusable(fmt::format("perm {} is no order of {} axes", to_string(order), rank));
  const View whole = view_of(from.shape);
  View view;
  for (const std::int64_t axis : order) {
    view.shape.push_back(whole.shape[static_cast<std::size_t>(axis)]);
    view.strides.push_back(whole.strides[static_cast<std::size_t>(axis)]);
  }
  return copy(from, view, tensors);
}

HostTensor fold_slice(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  const auto starts = node.integers("starts", 1), ends = node.integers("ends", 2);
  if (!starts || !ends) unusable("it has no starts or ends");
  Numbers all(starts->size());
  std::iota(all.begin(), all.end(), 0);
  const Numbers axes = node.integers("axes", 3).value_or(all);
  const Numbers steps = node.has_input(4) ? node.whole_numbers(4) : Numbers(axes.size(), 1);
  if (starts->size() != axes.size() || ends->size() != axes.size() || steps.size() != axes.size()) {
    unusable("starts, ends, axes and steps are not of one length");
  }
  View view = view_of(from.shape);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    slice(view, resolve_axis(axes[i], view.shape.size()), (*starts)[i], (*ends)[i], steps[i]);
  }
  return copy(from, view, tensors);
}

HostTensor fold_gather(OnnxNode& node, TensorReader& tensors) {
  const HostTensor &from = *node.constant(0).tensor, &chosen = *node.constant(1).tensor;
  if (from.shape.size() != 1 || chosen.shape.size() > 1 || chosen.dtype != DType::I64) {
    unusable("of constants, only elements of a list can be gathered");
  }
  (void)resolve_axis(node.integer("axis", 0), 1);
  tensors.spend(constant_bytes(chosen.shape, from.dtype));
  HostTensor made = HostTensor::zeros(from.dtype, chosen.shape);
  const std::size_t item = byte_size(from.dtype);
  for (std::size_t i = 0; i < chosen.i64().size(); ++i) {
    const std::size_t place =
        resolve_axis(chosen.i64()[i], static_cast<std::size_t>(from.shape[0]));
    std::memcpy(made.bytes.data() + i * item, from.bytes.data() + place * item, item);
  }
  return made;
}

HostTensor fold_concat(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& first = *node.constant(0).tensor;
  const std::size_t axis = resolve_axis(node.integer("axis", 0), first.shape.size());
  Shape shape = first.shape;
  shape[axis] = 0;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const HostTensor& part = *node.constant(i).tensor;
    Shape rest = part.shape;
    if (rest.size() == shape.size()) rest[axis] = shape[axis];
    if (part.dtype != first.dtype || rest != shape) {
      unusable(
          fmt::format("input {} of shape {} does not fit the others", i, to_string(part.shape)));
    }
    if (__builtin_add_overflow(shape[axis], part.shape[axis], &shape[axis])) {
      unusable("the result is too large");
    }
  }
  tensors.spend(constant_bytes(shape, first.dtype));
  HostTensor made{first.dtype, shape, {}};
  const std::int64_t rows = element_count(std::span(shape).first(axis));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < node.input_count(); ++i) {
      const std::vector<std::byte>& bytes = node.constant(i).tensor->bytes;
      const std::size_t length = bytes.size() / static_cast<std::size_t>(rows);
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(length) * row;
      made.bytes.insert(made.bytes.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
    }
  }
  return made;
}

}  // namespace pollard
