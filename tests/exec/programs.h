// Runs a graph with parameters made up from their names' order.
#pragma once

#include "exec/tensors.h"
#include "exec/torch_program.h"

namespace pollard::test {

using Parameters = std::map<std::string, at::Tensor, std::less<>>;

/// Parameters of every name in the graph; variances positive.
inline Parameters parameters_for(const Graph& graph) {
  Parameters parameters;
  std::uint64_t seed = 100;
  for (const ParameterInfo& info : graph.parameters()) {
    at::Tensor value = normal(info.shape, seed++);
    if (info.role == ParameterRole::RunningVariance) value = value.abs() + 0.5;
    parameters.emplace(info.name, value);
  }
  return parameters;
}

inline at::Tensor run(const Graph& graph, const at::Tensor& x, Parameters& parameters,
                      RunContext context = {}) {
  return TorchProgram(graph).run(x, parameters, context);
}

}  // namespace pollard::test
