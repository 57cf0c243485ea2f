// A whole graph forward and backward in double, written out plainly: what the trainer is held
// against. [image][channel][row][column], one loop per index, nothing clever.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pollard/graph.h"

namespace pollard::test {

using Values = std::vector<double>;

struct ReferenceStep {
  double loss = 0;  // sum over images
  /// How near a value came to where a clip or a maximum changes its mind; what is computed in
  /// float may well end on the other side of less than some 1e-6.
  double nearest_kink = 1;
  /// By how much norms enlarged the rounding of what they got: largest value over deviation.
  double steepness = 0;
  std::map<std::string, Values> outputs;    // of nodes
  std::map<std::string, Values> gradients;  // of parameters, of the mean loss
  std::map<std::string, Values> moments;    // batch norms' running statistics after the step
};

/// No dropout. images: count x H x W x C. With `training` false: running statistics, no gradients.
[[nodiscard]] ReferenceStep reference_step(const Graph& graph,
                                           const std::map<std::string, Values>& parameters,
                                           const std::vector<float>& images,
                                           const std::vector<std::int64_t>& labels,
                                           double smoothing = 0, bool training = true);

}  // namespace pollard::test
