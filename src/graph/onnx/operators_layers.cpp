// Convolutions, linear layers, batch norm, pooling.
//
//   Gemm    alpha * x * w + beta * c, w turned where transB = 0: weight alpha * w', bias beta * c
//   MatMul  x * w: weight w'
//   SAME    as much padding as gives ceil(in / stride) windows, an odd pixel at the end
//   (SAME_UPPER)
//           or at the beginning (SAME_LOWER)

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "graph/byte_cursor.h"
#include "graph/onnx/operators.h"

namespace pollard {
namespace {

using Pair = std::array<std::int64_t, 2>;
constexpr const char* kTwoDimensions = "images of two dimensions are supported";

bool is_size(std::int64_t n) { return n >= 1 && n <= std::numeric_limits<std::int32_t>::max(); }

const HostTensor& float_tensor(const OnnxNode& node, std::size_t input) {
  const HostTensor& tensor = *node.constant(input).tensor;
  if (tensor.dtype != DType::F32) unusable(fmt::format("input {} must hold floats", input));
  return tensor;
}

// ---- windows ------------------------------------------------------------------------------------

Pair pair(OnnxNode& node, std::string_view name, Pair fallback) {
  const auto given = node.integers(name);
  if (!given) return fallback;
  if (given->size() != 2 || !std::ranges::all_of(*given, is_size)) {
    unusable(
        fmt::format("{} must be two positive numbers, got {}", name, shortened(to_string(*given))),
        kTwoDimensions);
  }
  return {(*given)[0], (*given)[1]};
}

struct Windows {
  Pair kernel, strides, dilations;
  std::array<std::int64_t, 4> pads;
};

std::array<std::int64_t, 4> explicit_pads(OnnxNode& node) {
  const auto given = node.integers("pads");
  if (!given) return {0, 0, 0, 0};
  if (given->size() != 4) {
    unusable(fmt::format("pads must be four numbers, got {}", shortened(to_string(*given))));
  }
  return {(*given)[0], (*given)[1], (*given)[2], (*given)[3]};
}

std::array<std::int64_t, 4> same_pads(const Windows& windows, const Shape& x, bool upper) {
  std::array<std::int64_t, 4> pads{};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t size = x[2 + i], stride = windows.strides[i];
    const std::int64_t count = (size - 1) / stride + 1;
    const std::int64_t reach =
        (count - 1) * stride + windows.dilations[i] * (windows.kernel[i] - 1) + 1;
    const std::int64_t missing = std::max<std::int64_t>(reach - size, 0), less = missing / 2;
    pads[i] = upper ? less : missing - less;
    pads[2 + i] = missing - pads[i];
  }
  return pads;
}

Windows read_windows(OnnxNode& node, const Shape& x, Pair kernel) {
  if (x.size() != 4)
    unusable(fmt::format("its input must be images, its shape is {}", to_string(x)));
  Windows windows{kernel, pair(node, "strides", {1, 1}), pair(node, "dilations", {1, 1}), {}};
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET") {
    windows.pads = explicit_pads(node);
  } else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    node.ignore("pads");
    windows.pads = same_pads(windows, x, automatic == "SAME_UPPER");
  } else if (automatic != "VALID") {
    unusable(fmt::format("auto_pad '{}' is not known", shortened(automatic)));
  }
  return windows;
}

template <typename Pool>
Pool read_pool(OnnxNode& node, OnnxContext& at) {
  const Pair kernel = pair(node, "kernel_shape", {0, 0});
  if (kernel[0] == 0) unusable("it has no kernel_shape");
  const Windows windows = read_windows(node, at.network.shape(node.value(0)), kernel);
  if (windows.dilations != Pair{1, 1}) unusable("dilations other than 1 are not supported");
  Pool pool;
  pool.kernel = kernel;
  pool.strides = windows.strides;
  pool.pads = windows.pads;
  pool.ceil_mode = node.integer("ceil_mode", 0) != 0 && node.text("auto_pad", "NOTSET") == "NOTSET";
  return pool;
}

// ---- linear layers ------------------------------------------------------------------------------

HostTensor turned(const HostTensor& weight) {
  const auto rows = static_cast<std::size_t>(weight.shape[0]);
  const auto columns = static_cast<std::size_t>(weight.shape[1]);
  HostTensor made = HostTensor::zeros(DType::F32, {weight.shape[1], weight.shape[0]});
  const std::span<const float> from = weight.f32();
  const std::span<float> to = made.f32();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
  return made;
}

HostTensor scaled(HostTensor tensor, double factor) {
  for (float& value : tensor.f32()) value = static_cast<float>(value * factor);
  return tensor;
}

/// Input 1 as a weight [M,K].
std::string linear_weight(const OnnxNode& node, OnnxContext& at, bool is_turned, double factor) {
  const HostTensor& given = float_tensor(node, 1);
  if (given.shape.size() != 2) {
    unusable(fmt::format("its weight must be a matrix, its shape is {}", to_string(given.shape)));
  }
  return at.network.add_parameter(node, node.constant(1), ParameterRole::Weight,
                                  scaled(is_turned ? given : turned(given), factor),
                                  fmt::format("{} {}", is_turned ? "as is" : "turned", factor));
}

}  // namespace

std::string convert_conv(OnnxNode& node, OnnxContext& at) {
  const std::string& x = node.value(0);
  const HostTensor& weight = float_tensor(node, 1);
  if (weight.shape.size() != 4 || !std::ranges::all_of(weight.shape, is_size)) {
    unusable(fmt::format("its weight has shape {}", to_string(weight.shape)), kTwoDimensions);
  }
  const Pair kernel{weight.shape[2], weight.shape[3]};
  if (pair(node, "kernel_shape", kernel) != kernel) {
    unusable(fmt::format("kernel_shape is not that of its weight {}", to_string(weight.shape)));
  }
  const std::int64_t groups = node.integer("group", 1);
  const Windows windows = read_windows(node, at.network.shape(x), kernel);
  std::vector<std::string> inputs{
      x, at.network.add_parameter(node, node.constant(1), ParameterRole::Weight, weight)};
  if (node.has_input(2)) {
    inputs.push_back(at.network.add_parameter(node, node.constant(2), ParameterRole::Bias,
                                              float_tensor(node, 2)));
  }
  return at.network.add_node(node, Conv{windows.strides, windows.pads, windows.dilations, groups},
                             std::move(inputs));
}

std::string convert_batch_normalization(OnnxNode& node, OnnxContext& at) {
  using enum ParameterRole;
  node.ignore("training_mode");  // of the export; here the network is trained anyway
  if (node.integer("spatial", 1) != 1) unusable("statistics of each pixel are not supported");
  const BatchNormalization op{node.real("epsilon", 1e-5), node.real("momentum", 0.9)};
  std::vector<std::string> inputs{node.value(0)};
  constexpr std::array roles{Scale, Shift, RunningMean, RunningVariance};
  for (std::size_t i = 0; i < roles.size(); ++i) {
    inputs.push_back(
        at.network.add_parameter(node, node.constant(i + 1), roles[i], float_tensor(node, i + 1)));
  }
  return at.network.add_node(node, op, std::move(inputs));
}

std::string convert_gemm(OnnxNode& node, OnnxContext& at) {
  if (node.integer("transA", 0) != 0) unusable("transA is not supported");
  const bool is_turned = node.integer("transB", 0) != 0;
  const double alpha = node.real("alpha", 1), beta = node.real("beta", 1);
  const std::string x = node.value(0);
  const std::string value =
      at.network.add_node(node, Gemm{}, {x, linear_weight(node, at, is_turned, alpha)});
  if (!node.has_input(2) || beta == 0) return value;
  Constant bias = node.constant(2);
  if (beta != 1) {
    bias.tensor = std::make_shared<const HostTensor>(scaled(float_tensor(node, 2), beta));
  }
  if (!at.network.add_bias(value, node, bias)) {
    unusable(fmt::format("its input 2, of shape {}, is no bias of {}",
                         to_string(bias.tensor->shape), to_string(at.network.shape(value))));
  }
  return value;
}

std::string convert_mat_mul(OnnxNode& node, OnnxContext& at) {
  const std::string x = node.value(0);
  return at.network.add_node(node, Gemm{}, {x, linear_weight(node, at, false, 1)});
}

std::string convert_max_pool(OnnxNode& node, OnnxContext& at) {
  node.ignore("storage_order");  // of the indices, which are not used
  return at.network.add_node(node, read_pool<MaxPool>(node, at), {node.value(0)});
}

std::string convert_average_pool(OnnxNode& node, OnnxContext& at) {
  auto pool = read_pool<AveragePool>(node, at);
  pool.count_include_pad = node.integer("count_include_pad", 0) != 0;
  return at.network.add_node(node, pool, {node.value(0)});
}

}  // namespace pollard
