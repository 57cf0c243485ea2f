// A graph in evaluation mode as few steps, the way inference libraries run it: an addition and a
// ReLU or clip go into the step whose sums they change,
//
//   y = min(max(node(x) + residual, low), high)
//
// Dropout and Identity are other names of their inputs, and so is Flatten: steps read the value it
// flattens. (fold_batch_norm() comes before.)
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "pollard/graph.h"

namespace pollard {

struct FusedStep {
  const Node* node = nullptr;       // what computes
  std::vector<std::string> inputs;  // the values it reads, no parameters
  std::string residual;             // a value that is added; "": none
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  std::string output;  // the value it makes: that of the last node that went into it

  [[nodiscard]] bool clips() const {
    return low > -std::numeric_limits<float>::infinity() ||
           high < std::numeric_limits<float>::infinity();
  }
};

struct FusedSteps {
  std::vector<FusedStep> steps;  // in an order in which they can run
  std::string output;            // the graph's output, by the name that the steps use
};

/// `graph` must outlive the steps.
[[nodiscard]] FusedSteps fuse_steps(const Graph& graph);

}  // namespace pollard
