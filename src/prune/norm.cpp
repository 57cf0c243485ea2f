#include "prune/norm.h"

#include <cmath>

#include "prune/weights.h"

namespace pollard {

double squared_norm(const Graph& graph, const TensorMap& state, bool prunable_only) {
  double sum = 0;
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (prunable_only ? !parameter.prunable() : !parameter.trainable()) continue;
    double own = 0;  // one sum a tensor, so a long one does not swallow the others' digits
    for (const float value : weights_of(state, parameter.name, parameter.shape))
      own += static_cast<double>(value) * static_cast<double>(value);
    sum += own;
  }
  return sum;
}

double norm_drop(double squared_before, double squared_after) {
  if (squared_before == 0) return 0;
  return std::sqrt(std::abs(squared_before - squared_after) / squared_before);
}

}  // namespace pollard
