// Small networks made up from a seed: every operator, odd sizes, residuals of all kinds.
#pragma once

#include <algorithm>
#include <string>

#include "graph/blocks.h"
#include "pollard/graph.h"
#include "pollard/random.h"

namespace pollard::test {

class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed)
      : stream_(seed, Purpose::Testing, 0, 0),
        graph_("random" + std::to_string(seed), {draw(1, 4), draw(7, 12), draw(7, 12)}) {}

  Graph make() {
    std::string value(Graph::kInput);
    const std::int64_t pieces = draw(2, 6);
    for (std::int64_t piece = 0; piece < pieces; ++piece) value = add_piece(value);
    if (draw(0, 1) == 1) value = add("pool", GlobalAveragePool{}, {value});
    value = add("flatten", Flatten{}, {value});
    value = add_linear(graph_, "linear", value, draw(1, 9));
    if (draw(0, 2) == 0) value = add("last", Relu{}, {value});
    graph_.set_output(value);
    return std::move(graph_);
  }

 private:
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return low + stream_.below(static_cast<std::uint32_t>(high - low + 1));
  }
  std::string name(const std::string& what) { return what + std::to_string(count_++); }
  std::string add(const std::string& what, Operator op, std::vector<std::string> inputs) {
    return graph_.add_node(name(what), std::move(op), std::move(inputs));
  }
  std::int64_t channels(const std::string& x) { return graph_.shape(x)[1]; }
  std::int64_t smaller_side(const std::string& x) {
    return std::min(graph_.shape(x)[2], graph_.shape(x)[3]);
  }

  std::string conv(const std::string& x, std::int64_t outputs, std::int64_t stride) {
    const std::int64_t kernel = 2 * draw(0, smaller_side(x) > 4 ? 2 : 1) + 1;
    const bool depthwise = outputs == channels(x) && draw(0, 3) == 0;
    return add_conv(graph_, name("conv"), x,
                    {.channels = outputs,
                     .kernel = kernel,
                     .stride = stride,
                     .padding = kernel / 2,
                     .groups = depthwise ? outputs : 1,
                     .bias = draw(0, 1) == 1});
  }

  std::string activation(const std::string& x) {
    switch (draw(0, 2)) {
      case 0:
        return add("relu", Relu{}, {x});
      case 1:
        return add("clip", Clip{-0.5F, 1.5F}, {x});
      default:
        return x;
    }
  }

  std::string layer(const std::string& x, std::int64_t outputs, std::int64_t stride) {
    std::string value = conv(x, outputs, stride);
    if (draw(0, 1) == 1) value = add_batch_norm(graph_, name("norm"), value);
    return activation(value);
  }

  // The input may stay in use, and either side of the addition may come first.
  std::string residual(const std::string& x) {
    const std::int64_t stride = draw(1, smaller_side(x) > 4 ? 2 : 1);
    const std::int64_t outputs = channels(x) + draw(0, 5);
    std::string other = draw(0, 1) == 1
                            ? conv(x, outputs, stride)
                            : add_option_a_shortcut(graph_, name("shortcut"), x, outputs, stride);
    const std::string sums = conv(layer(x, draw(1, 9), stride), outputs, 1);
    const bool first = draw(0, 1) == 1;
    std::string value =
        add("add", Add{}, first ? std::vector{sums, other} : std::vector{other, sums});
    value = activation(value);
    if (draw(0, 2) == 0) value = add("again", Add{}, {value, other});
    return value;
  }

  std::string pool(const std::string& x) {
    const std::int64_t side = draw(2, 3), stride = draw(1, 2), pad = draw(0, side / 2);
    const bool ceil = draw(0, 1) == 1;
    if (smaller_side(x) < 4) return activation(x);
    if (draw(0, 1) == 1) {
      return add("max", MaxPool{{side, side}, {stride, stride}, {pad, pad, pad, pad}, ceil}, {x});
    }
    return add("average",
               AveragePool{{side, side}, {stride, stride}, {pad, pad, pad, pad}, ceil, false}, {x});
  }

  std::string add_piece(const std::string& x) {
    switch (draw(0, 6)) {
      case 0:
        return pool(x);
      case 1:
        return add("concat", Concat{}, {x, layer(x, draw(1, 9), 1)});
      case 2:
        return activation(add_batch_norm(graph_, name("norm"), x));
      case 3:
        return add("dropout", Dropout{}, {activation(x)});
      case 4:
        return residual(x);
      default:
        return layer(x, draw(1, 20), draw(1, smaller_side(x) > 4 ? 2 : 1));
    }
  }

  RandomStream stream_;
  Graph graph_;
  int count_ = 0;
};

[[nodiscard]] inline Graph random_graph(std::uint64_t seed) { return RandomGraph(seed).make(); }

/// Parameters of every name; variances positive.
[[nodiscard]] inline TensorMap random_state(const Graph& graph, std::uint64_t seed) {
  TensorMap state;
  std::uint64_t index = 0;
  for (const ParameterInfo& info : graph.parameters()) {
    HostTensor tensor = HostTensor::zeros(DType::F32, info.shape);
    RandomStream stream(seed, Purpose::Testing, 1, index++);
    for (float& value : tensor.f32()) {
      value = 0.5F * stream.normal();
      if (info.role == ParameterRole::RunningVariance) value = value * value + 0.5F;
    }
    state.emplace(info.name, std::move(tensor));
  }
  return state;
}

[[nodiscard]] inline std::vector<float> random_floats(std::size_t count, std::uint64_t seed) {
  RandomStream stream(seed, Purpose::Testing, 2, 0);
  std::vector<float> values(count);
  for (float& value : values) value = stream.normal();
  return values;
}

}  // namespace pollard::test
