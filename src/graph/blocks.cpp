#include "graph/blocks.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "pollard/error.h"

namespace pollard {
namespace {

const Shape& shape_of_rank(const Graph& graph, const std::string& name, const std::string& x,
                           std::size_t rank) {
  const Shape& shape = graph.shape(x);
  if (shape.size() == rank) return shape;
  throw Error(ErrorCode::Input, fmt::format("{}: '{}' must have {} dimensions, its shape is {}",
                                            name, x, rank, to_string(shape)));
}

}  // namespace

std::string add_conv(Graph& graph, const std::string& name, const std::string& x,
                     const ConvSettings& settings) {
  const auto& [channels, kernel, stride, padding, groups, bias] = settings;
  const std::int64_t inputs = shape_of_rank(graph, name, x, 4)[1];
  if (groups < 1 || inputs % groups != 0) {
    throw Error(
        ErrorCode::Input,
        fmt::format("{}: {} input channels cannot be split into {} groups", name, inputs, groups));
  }
  const std::string weight = name + ".weight";
  graph.add_parameter({weight, {channels, inputs / groups, kernel, kernel}, ParameterRole::Weight});
  std::vector<std::string> values{x, weight};
  if (bias) {
    values.push_back(name + ".bias");
    graph.add_parameter({values.back(), {channels}, ParameterRole::Bias});
  }
  return graph.add_node(
      name, Conv{{stride, stride}, {padding, padding, padding, padding}, {1, 1}, groups},
      std::move(values));
}

std::string add_batch_norm(Graph& graph, const std::string& name, const std::string& x,
                           double momentum) {
  using enum ParameterRole;
  const std::int64_t channels = shape_of_rank(graph, name, x, 4)[1];
  std::vector<std::string> values{x};
  const auto add = [&](const char* suffix, ParameterRole role) {
    values.push_back(name + suffix);
    graph.add_parameter({values.back(), {channels}, role});
  };
  add(".weight", Scale);
  add(".bias", Shift);
  add(".running_mean", RunningMean);
  add(".running_var", RunningVariance);
  // 0.1 where 1 - 0.9 is a little less: the number that files of other tools have, and ours.
  const double kept = std::round((1 - momentum) * 1e12) / 1e12;
  return graph.add_node(name, BatchNormalization{.momentum = kept}, std::move(values));
}

std::string add_linear(Graph& graph, const std::string& name, const std::string& x,
                       std::int64_t outputs) {
  const std::int64_t inputs = shape_of_rank(graph, name, x, 2)[1];
  graph.add_parameter({name + ".weight", {outputs, inputs}, ParameterRole::Weight});
  graph.add_parameter({name + ".bias", {outputs}, ParameterRole::Bias});
  return graph.add_node(name, Gemm{}, {x, name + ".weight", name + ".bias"});
}

std::string add_max_pool(Graph& graph, const std::string& name, const std::string& x,
                         std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  return graph.add_node(name,
                        MaxPool{.kernel = {kernel, kernel},
                                .strides = {stride, stride},
                                .pads = {padding, padding, padding, padding}},
                        {x});
}

std::string add_dropout(Graph& graph, const std::string& name, const std::string& x, double ratio) {
  return ratio == 0 ? x : graph.add_node(name, Dropout{ratio}, {x});
}

void add_mean_and_linear(Graph& graph, const std::string& pool, const std::string& linear,
                         const std::string& x, std::int64_t classes) {
  std::string value = graph.add_node(pool, GlobalAveragePool{}, {x});
  value = graph.add_node("flatten", Flatten{}, {value});
  graph.set_output(add_linear(graph, linear, value, classes));
}

std::string add_option_a_shortcut(Graph& graph, const std::string& name, const std::string& x,
                                  std::int64_t channels, std::int64_t stride) {
  const std::int64_t missing = channels - shape_of_rank(graph, name, x, 4)[1];
  if (missing < 0) {
    throw Error(ErrorCode::Input,
                fmt::format("{}: a shortcut can add channels, not take {} away", name, -missing));
  }
  std::string value = x;
  if (stride != 1) {
    constexpr std::int64_t to_the_end = std::numeric_limits<std::int64_t>::max();
    value = graph.add_node(name + ".slice",
                           Slice{.starts = {0, 0},
                                 .ends = {to_the_end, to_the_end},
                                 .axes = {2, 3},
                                 .steps = {stride, stride}},
                           {value});
  }
  if (missing != 0) {
    const std::int64_t before = missing / 2;
    value = graph.add_node(name + ".pad", Pad{{0, before, 0, 0, 0, missing - before, 0, 0}, 0},
                           {value});
  }
  return value;
}

}  // namespace pollard
