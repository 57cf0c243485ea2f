// Networks for tests of .plrd files, and whether two are the same.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pollard/graph.h"
#include "sparse/plrd.h"

namespace pollard::test {

using sparse::NetworkFile;

// One line each, so that a new attribute does not compile here before it is compared.
inline auto parts(const Conv& op) {
  const auto& [strides, pads, dilations, groups] = op;
  return std::tuple(strides, pads, dilations, groups);
}
inline auto parts(const BatchNormalization& op) {
  const auto& [epsilon, momentum] = op;
  return std::tuple(epsilon, momentum);
}
inline auto parts(const Clip& op) {
  const auto& [minimum, maximum] = op;
  return std::tuple(minimum, maximum);
}
inline auto parts(const MaxPool& op) {
  const auto& [kernel, strides, pads, ceil_mode] = op;
  return std::tuple(kernel, strides, pads, ceil_mode);
}
inline auto parts(const AveragePool& op) {
  const auto& [kernel, strides, pads, ceil_mode, count_include_pad] = op;
  return std::tuple(kernel, strides, pads, ceil_mode, count_include_pad);
}
inline auto parts(const Pad& op) {
  const auto& [pads, value] = op;
  return std::tuple(pads, value);
}
inline auto parts(const Slice& op) {
  const auto& [starts, ends, axes, steps] = op;
  return std::tuple(starts, ends, axes, steps);
}
inline auto parts(const Concat& op) {
  const auto& [axis] = op;
  return std::tuple(axis);
}
inline auto parts(const Dropout& op) {
  const auto& [ratio] = op;
  return std::tuple(ratio);
}
inline std::tuple<> parts(const Relu&) { return {}; }
inline std::tuple<> parts(const Add&) { return {}; }
inline std::tuple<> parts(const GlobalAveragePool&) { return {}; }
inline std::tuple<> parts(const Gemm&) { return {}; }
inline std::tuple<> parts(const Flatten&) { return {}; }
inline std::tuple<> parts(const Identity&) { return {}; }

inline bool same(const Operator& a, const Operator& b) {
  return a.index() == b.index() && std::visit(
                                       [&b](const auto& op) {
                                         using Op = std::decay_t<decltype(op)>;
                                         return parts(op) == parts(std::get<Op>(b));
                                       },
                                       a);
}

inline void expect_same(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.input_shape(), b.input_shape());
  EXPECT_EQ(a.output(), b.output());
  ASSERT_EQ(a.parameters().size(), b.parameters().size());
  for (std::size_t i = 0; i < a.parameters().size(); ++i) {
    const ParameterInfo &left = a.parameters()[i], &right = b.parameters()[i];
    EXPECT_EQ(std::tie(left.name, left.shape, left.role, left.selected),
              std::tie(right.name, right.shape, right.role, right.selected));
  }
  ASSERT_EQ(a.nodes().size(), b.nodes().size());
  for (std::size_t i = 0; i < a.nodes().size(); ++i) {
    const Node &left = a.nodes()[i], &right = b.nodes()[i];
    EXPECT_EQ(std::tie(left.name, left.inputs, left.output),
              std::tie(right.name, right.inputs, right.output));
    EXPECT_TRUE(same(left.op, right.op)) << left.name;
  }
}

inline void expect_same(const NetworkFile& a, const NetworkFile& b) {
  expect_same(a.graph, b.graph);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.metadata, b.metadata);
}

/// Values like trained ones; about `density` of them are not zero.
inline std::vector<float> random_values(std::mt19937& random, std::size_t count, double density) {
  std::normal_distribution<float> values(0, 0.05F);
  std::bernoulli_distribution kept(density);
  std::vector<float> drawn(count);
  for (float& value : drawn) value = kept(random) ? values(random) : 0.0F;
  return drawn;
}

inline TensorMap random_state(std::mt19937& random, const Graph& graph, double density) {
  TensorMap state;
  for (const ParameterInfo& parameter : graph.parameters()) {
    const auto count = static_cast<std::size_t>(element_count(parameter.shape));
    state.emplace(
        parameter.name,
        HostTensor::from_floats(parameter.shape,
                                random_values(random, count, parameter.prunable() ? density : 1)));
  }
  return state;
}

/// Every operator with attributes that are not the defaults.
inline Graph every_operator() {
  Graph graph("every operator", {2, 9, 8});
  const auto parameter = [&graph](std::string name, Shape shape, ParameterRole role,
                                  bool selected = true) {
    graph.add_parameter({std::move(name), std::move(shape), role, selected});
  };
  parameter("first.weight", {4, 1, 3, 2}, ParameterRole::Weight);
  parameter("first.bias", {4}, ParameterRole::Bias);
  parameter("norm.scale", {4}, ParameterRole::Scale);
  parameter("norm.shift", {4}, ParameterRole::Shift);
  parameter("norm.mean", {4}, ParameterRole::RunningMean);
  parameter("norm.variance", {4}, ParameterRole::RunningVariance);
  parameter("last.weight", {5, 8}, ParameterRole::Weight, false);
  parameter("unused", {}, ParameterRole::Bias);
  graph.add_node("first", Conv{{2, 1}, {1, 2, 3, 1}, {2, 3}, 2},
                 {"input", "first.weight", "first.bias"});
  graph.add_node("norm", BatchNormalization{1e-3, 0.75},
                 {"first", "norm.scale", "norm.shift", "norm.mean", "norm.variance"});
  graph.add_node("relu", Relu{}, {"norm"});
  graph.add_node("clip", Clip{-0.5F, 7.25F}, {"norm"});
  graph.add_node("sum", Add{}, {"relu", "clip"});
  graph.add_node("greatest", MaxPool{{2, 3}, {1, 2}, {1, 1, 0, 2}, true}, {"sum"});
  graph.add_node("average", AveragePool{{2, 3}, {1, 2}, {1, 1, 0, 2}, true, true}, {"sum"});
  graph.add_node("both", Concat{-3}, {"greatest", "average"});
  graph.add_node("wide", Pad{{0, 0, 1, 2, 0, 0, -1, 3}, 0.125F}, {"both"});
  graph.add_node("some", Slice{{0, -4}, {1'000'000'000'000, -1}, {2, 3}, {2, 1}}, {"wide"});
  graph.add_node("global", GlobalAveragePool{}, {"some"});
  graph.add_node("flat", Flatten{}, {"global"});
  graph.add_node("dropped", Dropout{0.25}, {"flat"});
  graph.add_node("same", Identity{}, {"dropped"});
  graph.add_node("last", Gemm{}, {"same", "last.weight"});
  graph.set_output("last");
  return graph;
}

}  // namespace pollard::test
