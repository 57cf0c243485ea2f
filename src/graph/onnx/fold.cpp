#include "graph/onnx/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "graph/onnx/fold_moves.h"
#include "graph/onnx/names.h"

namespace pollard {
namespace {

using Numbers = std::vector<std::int64_t>;

HostTensor whole_tensor(Shape shape, const Numbers& numbers) {
  HostTensor made = HostTensor::zeros(DType::I64, std::move(shape));
  if (!numbers.empty()) std::memcpy(made.bytes.data(), numbers.data(), made.bytes.size());
  return made;
}

// ---- numbers ------------------------------------------------------------------------------------

HostTensor cast(OnnxNode& node, TensorReader& tensors) {
  const HostTensor& from = *node.constant(0).tensor;
  node.ignore("saturate");
  const std::int64_t to = node.integer("to", 0);
  constexpr std::array<std::int64_t, 4> floats{onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE,
                                               onnx::TensorProto::FLOAT16,
                                               onnx::TensorProto::BFLOAT16};
  constexpr std::array<std::int64_t, 2> wholes{onnx::TensorProto::INT64, onnx::TensorProto::INT32};
  const bool to_float = std::ranges::find(floats, to) != floats.end();
  if (!to_float && std::ranges::find(wholes, to) == wholes.end()) {
    unusable(fmt::format("a constant cannot be cast to type {}", to));
  }
  tensors.spend(constant_bytes(from.shape, DType::I64));
  if (to_float == (from.dtype == DType::F32)) return from;
  HostTensor made = HostTensor::zeros(to_float ? DType::F32 : DType::I64, from.shape);
  if (to_float) {
    std::ranges::transform(from.i64(), made.f32().begin(),
                           [](std::int64_t number) { return static_cast<float>(number); });
    return made;
  }
  Numbers numbers;
  for (const float number : from.f32()) {
    if (!(std::abs(number) < 0x1p62F)) unusable("a number is too large for int64");
    numbers.push_back(static_cast<std::int64_t>(number));
  }
  return whole_tensor(from.shape, numbers);
}

HostTensor constant_of_shape(OnnxNode& node, TensorReader& tensors) {
  const Shape shape = node.whole_numbers(0);
  const onnx::TensorProto* given = node.tensor("value");
  const HostTensor value =
      given == nullptr ? HostTensor::zeros(DType::F32, {1}) : tensors.read(*given);
  if (element_count(value.shape) != 1) unusable("the value is not one number");
  const std::size_t item = byte_size(value.dtype);
  tensors.spend(constant_bytes(shape, value.dtype));
  HostTensor made = HostTensor::zeros(value.dtype, shape);
  for (std::size_t at = 0; at < made.bytes.size(); at += item) {
    std::memcpy(made.bytes.data() + at, value.bytes.data(), item);
  }
  return made;
}

HostTensor constant(OnnxNode& node, TensorReader& tensors) {
  if (const onnx::TensorProto* value = node.tensor("value")) return tensors.read(*value);
  if (const auto numbers = node.integers("value_ints")) {
    return whole_tensor({static_cast<std::int64_t>(numbers->size())}, *numbers);
  }
  for (const onnx::AttributeProto& attribute : node.proto().attribute()) {
    if (attribute.name() == "value_int") return whole_tensor({}, {node.integer("value_int", 0)});
    if (attribute.name() == "value_float") {
      const auto value = static_cast<float>(node.real("value_float", 0));
      return HostTensor::from_floats({}, {&value, 1});
    }
  }
  unusable("it has no value of a kind that is known");
}

std::int64_t calculate(char op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  if (op == '+') overflow = __builtin_add_overflow(a, b, &result);
  if (op == '-') overflow = __builtin_sub_overflow(a, b, &result);
  if (op == '*') overflow = __builtin_mul_overflow(a, b, &result);
  if (op == '/') {
    overflow = b == 0 || (a == std::numeric_limits<std::int64_t>::min() && b == -1);
    if (!overflow) result = a / b;
  }
  if (overflow) unusable(fmt::format("{} {} {} has no value", a, op, b));
  return result;
}

/// Of two lists of one length, or with one number for all.
HostTensor arithmetic(OnnxNode& node, TensorReader& tensors, char op) {
  const HostTensor &a = *node.constant(0).tensor, &b = *node.constant(1).tensor;
  if (a.dtype != DType::I64 || b.dtype != DType::I64) {
    unusable("of constants, only whole numbers are computed", "fold constants when exporting");
  }
  const std::size_t n = a.i64().size(), m = b.i64().size();
  if (a.shape != b.shape && n != 1 && m != 1) {
    unusable(fmt::format("{} and {} are not of one shape", to_string(a.shape), to_string(b.shape)));
  }
  const bool like_a = m == 1 && (n != 1 || a.shape.size() >= b.shape.size());
  const Shape& shape = like_a || a.shape == b.shape ? a.shape : b.shape;
  tensors.spend(constant_bytes(shape, DType::I64));
  Numbers numbers(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = calculate(op, a.i64()[n == 1 ? 0 : i], b.i64()[m == 1 ? 0 : i]);
  }
  return whole_tensor(shape, numbers);
}

template <char op>
HostTensor arithmetic(OnnxNode& node, TensorReader& tensors) {
  return arithmetic(node, tensors, op);
}

HostTensor identity(OnnxNode& node, TensorReader& tensors) {
  tensors.spend(node.constant(0).tensor->bytes.size());
  return *node.constant(0).tensor;
}

HostTensor shape(OnnxNode& node, TensorReader&) {
  return *shape_constant(node, node.constant(0).tensor->shape).tensor;
}

struct Fold {
  std::string_view op;
  HostTensor (*compute)(OnnxNode&, TensorReader&);
};
constexpr std::array kFolds{
    Fold{"Add", arithmetic<'+'>},
    Fold{"Cast", cast},
    Fold{"Concat", fold_concat},
    Fold{"Constant", constant},
    Fold{"ConstantOfShape", constant_of_shape},
    Fold{"Div", arithmetic<'/'>},
    Fold{"Gather", fold_gather},
    Fold{"Identity", identity},
    Fold{"Mul", arithmetic<'*'>},
    Fold{"Reshape", fold_reshape},
    Fold{"Shape", shape},
    Fold{"Slice", fold_slice},
    Fold{"Squeeze", fold_squeeze},
    Fold{"Sub", arithmetic<'-'>},
    Fold{"Transpose", fold_transpose},
    Fold{"Unsqueeze", fold_unsqueeze},
};

const Fold* find_fold(std::string_view op) {
  const auto found = std::ranges::find(kFolds, op, &Fold::op);
  return found == kFolds.end() ? nullptr : &*found;
}

}  // namespace

bool is_folded(std::string_view op_type) { return find_fold(op_type) != nullptr; }

Constant fold(OnnxNode& node, TensorReader& tensors) {
  HostTensor made = find_fold(node.proto().op_type())->compute(node, tensors);
  node.check_all_known();
  // A weight that is only turned or named anew stays that weight.
  std::string name = node.proto().output(0);
  if (is_made_up(name) && node.is_constant(0)) name = node.constant(0).name;
  return {std::make_shared<const HostTensor>(std::move(made)), std::move(name)};
}

std::size_t resolve_axis(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count)
    unusable(fmt::format("there is no axis {} of {}", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Constant shape_constant(OnnxNode& node, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto place = [rank](std::int64_t position) {
    return std::clamp<std::int64_t>(position < 0 ? position + rank : position, 0, rank);
  };
  const std::int64_t first = place(node.integer("start", 0)),
                     last = place(node.integer("end", rank));
  Numbers sizes;
  if (first < last) sizes.assign(shape.begin() + first, shape.begin() + last);
  const auto count = static_cast<std::int64_t>(sizes.size());
  return {std::make_shared<const HostTensor>(whole_tensor({count}, sizes)), node.proto().output(0)};
}

}  // namespace pollard
