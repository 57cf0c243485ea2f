#include "sparse/any_graph.h"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

std::int64_t within(std::int64_t low, std::int64_t high) {
  return *rc::gen::inRange(low, high + 1);
}
bool maybe(int one_in = 2) { return within(1, one_in) == 1; }

// Grows a graph from a list of values, any of which a new node may read.
class Grower {
 public:
  Grower() : graph_("random", {within(1, 4), within(1, 12), within(1, 20)}) {
    values_.emplace_back(Graph::kInput);
  }

  AnyGraph grow() {
    const std::int64_t nodes = within(1, 12);
    while (std::ssize(graph_.nodes()) < nodes || graph_.nodes().empty()) add_something();
    const std::string& output = maybe(4) ? any() : values_.back();
    graph_.set_output(output == Graph::kInput ? values_.back() : output);
    return {std::move(graph_), std::move(state_)};
  }

 private:
  // Mostly the last value, so that chains arise that can be fused.
  const std::string& any() {
    if (!maybe(3)) return values_.back();
    return values_[static_cast<std::size_t>(within(0, std::ssize(values_) - 1))];
  }
  [[nodiscard]] const Shape& shape(const std::string& value) const { return graph_.shape(value); }

  std::string parameter(const std::string& name, Shape shape, ParameterRole role) {
    HostTensor& tensor = state_[name] = HostTensor::zeros(DType::F32, shape);
    const std::int64_t percent = role == ParameterRole::Weight ? within(0, 100) : 100;
    const double scale = role == ParameterRole::Weight
                             ? 1.5 / std::max(1.0, static_cast<double>(element_count(shape)) /
                                                       static_cast<double>(shape[0] * 4))
                             : 1;
    for (float& value : tensor.f32()) {
      if (role == ParameterRole::RunningVariance) {
        value = static_cast<float>(within(1, 32)) / 16.0F;
      } else if (within(0, 99) < percent) {
        value = static_cast<float>(scale * static_cast<double>(within(-32, 32)) / 16.0);
      }
    }
    graph_.add_parameter({name, std::move(shape), role});
    return name;
  }

  /// Tries a node whose attributes may not fit; then nothing happens.
  void attempt(const std::function<std::vector<std::string>()>& inputs, Operator op,
               const std::string& name) {
    try {
      values_.push_back(graph_.add_node(name, std::move(op), inputs()));
    } catch (const Error&) {
    }
  }
  void unary(Operator op, const std::string& name, const std::string& value) {
    if (element_count(shape(value)) > 4000) return;
    attempt([&] { return std::vector{value}; }, std::move(op), name);
  }

  void add_something() {
    const std::string name = fmt::format("n{}", ++counter_);
    const std::string value = any();
    const bool map = shape(value).size() == 4;
    switch (within(0, 14)) {
      case 0:
      case 1:
      case 2:
        return map ? add_conv(name, value) : add_gemm(name, value);
      case 3:
      case 4:
        return add_norm(name, value);
      case 5:
        return unary(Relu{}, name, value);
      case 6:
        return unary(Clip{-1, 0.5F}, name, value);
      case 7:
      case 8:
        return add_addition(name, value);
      case 9:
        if (map) return add_pool(name, value);
        return add_gemm(name, value);
      case 10:
        if (!maybe(3)) return;
        return map && maybe() ? unary(GlobalAveragePool{}, name, value)
                              : unary(Flatten{}, name, value);
      case 11:
        return add_pad(name, value);
      case 12:
        return add_slice(name, value);
      case 13:
        return add_concat(name, value);
      default:
        return maybe() ? unary(Dropout{0.3}, name, value) : unary(Identity{}, name, value);
    }
  }

  void add_conv(const std::string& name, const std::string& value) {
    const std::int64_t channels = shape(value)[1];
    const std::int64_t groups = maybe() ? 1 : channels % 2 == 0 && maybe() ? 2 : channels;
    const std::int64_t outputs = groups * within(1, groups > 2 ? 2 : 6);
    Conv op{.strides = {within(1, 3), within(1, 3)},
            .pads = {within(0, 2), within(0, 2), within(0, 2), within(0, 2)},
            .dilations = {within(1, 2), within(1, 2)},
            .groups = groups};
    if (maybe()) op = Conv{.pads = {1, 1, 1, 1}, .groups = groups};
    const std::int64_t height = within(1, 4), width = within(1, 4);
    attempt(
        [&] {
          const Shape weight{outputs, channels / groups, height, width};
          (void)infer_shape(name, op, {shape(value), weight});
          std::vector<std::string> inputs{
              value, parameter(name + ".weight", weight, ParameterRole::Weight)};
          if (maybe()) inputs.push_back(parameter(name + ".bias", {outputs}, ParameterRole::Bias));
          return inputs;
        },
        op, name);
  }

  void add_gemm(const std::string& name, const std::string& value) {
    if (shape(value).size() != 2) return;
    const std::int64_t outputs = within(1, 12);
    std::vector<std::string> inputs{
        value, parameter(name + ".weight", {outputs, shape(value)[1]}, ParameterRole::Weight)};
    if (maybe()) inputs.push_back(parameter(name + ".bias", {outputs}, ParameterRole::Bias));
    values_.push_back(graph_.add_node(name, Gemm{}, inputs));
  }

  void add_norm(const std::string& name, const std::string& value) {
    using enum ParameterRole;
    std::vector<std::string> inputs{value};
    for (const ParameterRole role : {Scale, Shift, RunningMean, RunningVariance})
      inputs.push_back(
          parameter(fmt::format("{}.{}", name, static_cast<int>(role)), {shape(value)[1]}, role));
    values_.push_back(graph_.add_node(name, BatchNormalization{}, inputs));
  }

  void add_addition(const std::string& name, const std::string& value) {
    std::vector<std::string> partners;
    for (const std::string& other : values_) {
      if (shape(other) == shape(value)) partners.push_back(other);
    }
    const std::string partner = *rc::gen::elementOf(partners);
    values_.push_back(graph_.add_node(name, Add{}, {value, partner}));
  }

  void add_pool(const std::string& name, const std::string& value) {
    const std::array<std::int64_t, 2> kernel{within(1, 3), within(1, 3)};
    const std::array<std::int64_t, 2> strides{within(1, 3), within(1, 3)};
    std::array<std::int64_t, 4> pads{};
    for (std::size_t i = 0; i < 4; ++i) pads[i] = within(0, kernel[i % 2] - 1);
    if (maybe()) {
      unary(MaxPool{kernel, strides, pads, maybe()}, name, value);
    } else {
      unary(AveragePool{kernel, strides, pads, maybe(), maybe()}, name, value);
    }
  }

  void add_pad(const std::string& name, const std::string& value) {
    const std::size_t rank = shape(value).size();
    Pad op{.pads = std::vector<std::int64_t>(2 * rank, 0)};
    for (std::size_t i = 1; i < rank; ++i) {
      if (maybe(3)) continue;
      op.pads[i] = within(-1, 2);
      op.pads[rank + i] = within(-1, 2);
    }
    if (maybe(3)) op.value = 0.75F;
    unary(op, name, value);
  }

  void add_slice(const std::string& name, const std::string& value) {
    Slice op;
    const Shape& from = shape(value);
    for (std::int64_t axis = 1; axis < std::ssize(from); ++axis) {
      if (maybe()) continue;
      op.axes.push_back(maybe() ? axis : axis - std::ssize(from));
      op.starts.push_back(within(-2, 2));
      op.ends.push_back(maybe() ? std::numeric_limits<std::int64_t>::max() : within(-1, 12));
      op.steps.push_back(within(1, 3));
    }
    unary(op, name, value);
  }

  void add_concat(const std::string& name, const std::string& value) {
    if (element_count(shape(value)) > 2000) return;
    std::vector<std::string> inputs{value, value};
    const std::int64_t axis = within(1, std::ssize(shape(value)) - 1);
    if (const std::string& other = any(); shape(other).size() == shape(value).size())
      inputs.push_back(other);
    attempt([&] { return inputs; }, Concat{axis}, name);
  }

  Graph graph_;
  TensorMap state_;
  std::vector<std::string> values_;
  int counter_ = 0;
};

}  // namespace

AnyGraph any_graph() { return Grower().grow(); }

}  // namespace pollard::sparse
