// A graph small enough to count by hand:
//
//   input [1, 1, 4, 4] -> conv 2 x 1 x 3 x 3, bias, pad 1 -> [1, 2, 4, 4]   288 multiply-adds
//   -> batch norm -> relu -> flatten [1, 32] -> gemm 3 x 32, bias            96 multiply-adds
//
// 18 + 96 = 114 prunable weights of 114 + 2 + 4 + 3 = 123 trainable parameters.
#pragma once

#include "pollard/graph.h"

namespace pollard {

inline Graph small_graph() {
  Graph graph("small", {1, 4, 4});
  graph.add_parameter({"conv.weight", {2, 1, 3, 3}, ParameterRole::Weight});
  graph.add_parameter({"conv.bias", {2}, ParameterRole::Bias});
  graph.add_parameter({"bn.weight", {2}, ParameterRole::Scale});
  graph.add_parameter({"bn.bias", {2}, ParameterRole::Shift});
  graph.add_parameter({"bn.running_mean", {2}, ParameterRole::RunningMean});
  graph.add_parameter({"bn.running_var", {2}, ParameterRole::RunningVariance});
  graph.add_parameter({"linear.weight", {3, 32}, ParameterRole::Weight});
  graph.add_parameter({"linear.bias", {3}, ParameterRole::Bias});
  Conv conv;
  conv.pads = {1, 1, 1, 1};
  graph.add_node("conv", conv, {"input", "conv.weight", "conv.bias"});
  graph.add_node("bn", BatchNormalization{},
                 {"conv", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"});
  graph.add_node("relu", Relu{}, {"bn"});
  graph.add_node("flatten", Flatten{}, {"relu"});
  graph.add_node("linear", Gemm{}, {"flatten", "linear.weight", "linear.bias"});
  graph.set_output("linear");
  return graph;
}

/// Every parameter, running statistics too, filled with `value`.
inline TensorMap filled_state(const Graph& graph, float value) {
  TensorMap state;
  for (const ParameterInfo& parameter : graph.parameters()) {
    HostTensor tensor = HostTensor::zeros(DType::F32, parameter.shape);
    for (float& entry : tensor.f32()) entry = value;
    state.emplace(parameter.name, std::move(tensor));
  }
  return state;
}

}  // namespace pollard
