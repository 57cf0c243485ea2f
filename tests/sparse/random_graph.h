// Random small networks of everything the trainer runs, drawn by rapidcheck.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pollard/graph.h"

namespace pollard::test {

class RandomGraph {
 public:
  RandomGraph()
      : graph_("random", {draw(1, 4), draw(4, 9), draw(4, 9)}),
        values_{std::string(Graph::kInput)} {}

  Graph make() {
    // A weight early on, so that most of what follows needs gradients.
    push(add_conv(values_[0]));
    const std::int64_t nodes = draw(1, 12);
    for (std::int64_t i = 0; i < nodes; ++i) push(add_any(pick()));
    graph_.set_output(add_head(values_.back()));
    return graph_;
  }

 private:
  static std::int64_t draw(std::int64_t low, std::int64_t high) {
    return *rc::gen::inRange(low, high + 1);
  }
  std::string pick() {  // the latest ones more often
    const std::int64_t back = std::min(draw(0, 3), static_cast<std::int64_t>(values_.size()) - 1);
    return values_[values_.size() - 1 - static_cast<std::size_t>(back)];
  }
  void push(const std::string& value) {
    if (!value.empty()) values_.push_back(value);
  }
  std::string name(const char* kind) { return kind + std::to_string(count_++); }
  const Shape& shape(const std::string& value) { return graph_.shape(value); }

  std::string parameter(std::string name, Shape shape, ParameterRole role) {
    graph_.add_parameter({name, std::move(shape), role});
    return name;
  }

  std::string add_conv(const std::string& x) {
    const Shape in = shape(x);
    Conv op;
    std::int64_t kernel[2];
    for (std::size_t i = 0; i < 2; ++i) {
      op.strides[i] = draw(1, 3);
      op.dilations[i] = draw(1, 2);
      op.pads[i] = draw(0, 2);
      op.pads[2 + i] = draw(0, 2);
      const std::int64_t room = in[2 + i] + op.pads[i] + op.pads[2 + i];
      kernel[i] = std::min(draw(1, 4), (room - 1) / op.dilations[i] + 1);
    }
    std::int64_t outputs = draw(1, 7);
    if (draw(0, 3) == 0) {
      op.groups = in[1];
      outputs = in[1] * draw(1, 2);
    }
    const std::string own = name("conv");
    std::vector<std::string> inputs{
        x, parameter(own + ".weight", {outputs, in[1] / op.groups, kernel[0], kernel[1]},
                     ParameterRole::Weight)};
    if (draw(0, 1) == 1) inputs.push_back(parameter(own + ".bias", {outputs}, ParameterRole::Bias));
    return graph_.add_node(own, op, inputs);
  }

  // Of the same shape as x.
  std::string add_same(const std::string& x) {
    const Shape in = shape(x);
    const std::string own = name("same");
    return graph_.add_node(
        own, Conv{.pads = {1, 1, 1, 1}},
        {x, parameter(own + ".weight", {in[1], in[1], 3, 3}, ParameterRole::Weight)});
  }

  std::string add_norm(const std::string& x) {
    const std::string own = name("bn");
    const std::int64_t channels = shape(x)[1];
    using enum ParameterRole;
    // Channels that are constant, which pruning makes, would blow up the rounding by 1 /
    // sqrt(1e-5).
    return graph_.add_node(own, BatchNormalization{.epsilon = 0.01, .momentum = 0.7},
                           {x, parameter(own + ".weight", {channels}, Scale),
                            parameter(own + ".bias", {channels}, Shift),
                            parameter(own + ".running_mean", {channels}, RunningMean),
                            parameter(own + ".running_var", {channels}, RunningVariance)});
  }
  std::string add_relu(const std::string& x) { return graph_.add_node(name("relu"), Relu{}, {x}); }

  // Two of the same shape, made in one of the usual ways.
  std::string add_sum(const std::string& x) {
    std::string other = x;
    switch (draw(0, 5)) {
      case 0:
        other = add_same(x);
        break;
      case 1:
        other = add_norm(add_same(x));
        break;
      case 2:
        other = add_norm(x);
        break;
      case 3: {
        const std::string first = add_norm(add_same(x));
        return graph_.add_node(name("add"), Add{}, {first, add_norm(add_same(x))});
      }
      case 4:
        other = add_same(add_relu(add_norm(x)));
        break;
    }
    const bool swap = draw(0, 1) == 1;
    return graph_.add_node(name("add"), Add{}, {swap ? other : x, swap ? x : other});
  }

  template <typename Pool>
  std::string add_pool(const std::string& x, Pool op) {
    const Shape in = shape(x);
    for (std::size_t i = 0; i < 2; ++i) {
      op.kernel[i] = std::min(draw(1, 3), in[2 + i]);
      op.strides[i] = draw(1, 3);
      op.pads[i] = draw(0, op.kernel[i] - 1);
      op.pads[2 + i] = draw(0, op.kernel[i] - 1);
    }
    op.ceil_mode = draw(0, 1) == 1;
    return graph_.add_node(name("pool"), op, {x});
  }

  std::string add_pad(const std::string& x) {
    std::vector<std::int64_t> pads(8, 0);
    for (const std::size_t d : {1U, 2U, 3U, 5U, 6U, 7U}) pads[d] = draw(0, 2);
    if (shape(x)[2] > 2) pads[2] = draw(-1, 1);
    return graph_.add_node(name("pad"), Pad{pads, draw(0, 1) == 1 ? 0.5F : 0.0F}, {x});
  }

  std::string add_slice(const std::string& x) {
    Slice op;
    for (const std::int64_t axis : {1, 2, 3}) {
      const std::int64_t size = shape(x)[static_cast<std::size_t>(axis)];
      op.axes.push_back(axis);
      op.starts.push_back(draw(0, 1) == 1 ? draw(0, size - 1) : -draw(1, size));
      op.ends.push_back(1000);
      op.steps.push_back(draw(1, 2));
    }
    return graph_.add_node(name("slice"), op, {x});
  }

  std::string add_any(const std::string& x) {
    switch (draw(0, 13)) {
      case 0:
        return add_relu(x);
      case 1:
        return graph_.add_node(name("clip"), Clip{-0.5F, 1}, {x});
      case 2:
        return add_pool(x, MaxPool{});
      case 3:
        return add_pool(x, AveragePool{.count_include_pad = draw(0, 1) == 1});
      case 4:
        return add_pad(x);
      case 5:
        return add_slice(x);
      case 6:
        return graph_.add_node(name("concat"), Concat{draw(1, 3)},
                               {x, draw(0, 1) == 1 ? x : add_norm(x)});
      case 7:
        return graph_.add_node(name("identity"), Identity{}, {x});
      case 8:
        return add_norm(x);
      case 9:
        return add_relu(add_norm(add_conv(x)));
      case 10:
        return add_sum(x);
      case 11:
        return add_relu(add_sum(x));
      case 12:
        return graph_.add_node(name("dropout"), Dropout{0}, {x});
      default:
        return add_conv(x);
    }
  }

  std::string add_linear(const std::string& x, std::int64_t outputs, bool bias) {
    const std::string own = name("linear");
    std::vector<std::string> inputs{
        x, parameter(own + ".weight", {outputs, shape(x)[1]}, ParameterRole::Weight)};
    if (bias) inputs.push_back(parameter(own + ".bias", {outputs}, ParameterRole::Bias));
    return graph_.add_node(own, Gemm{}, inputs);
  }

  std::string add_head(std::string x) {
    if (draw(0, 1) == 1) x = graph_.add_node(name("pool"), GlobalAveragePool{}, {x});
    x = graph_.add_node(name("flatten"), Flatten{}, {x});
    if (draw(0, 1) == 1) {
      x = add_linear(x, draw(1, 9), draw(0, 1) == 1);
      if (draw(0, 1) == 1) x = add_norm(x);
      if (draw(0, 1) == 1) x = add_relu(x);
    }
    return add_linear(x, draw(2, 7), true);
  }

  Graph graph_;
  std::vector<std::string> values_;
  int count_ = 0;
};

}  // namespace pollard::test
