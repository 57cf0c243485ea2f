// What a graph becomes for training: the values that are kept in memory, and those that are made
// row by row wherever they are read.
//
// A batch norm, the residual sum and the ReLU behind it are no passes of their own. They are a
// view,
//
//   y = clip(norm(z) + residual_norm(residual), low, high)
//
// of tensors that are kept: convolutions make the rows of y that they need from z, and the
// gradient's way back through the clip, and the sums for the norm, are part of the convolution that
// computes it. A value is kept all the same where several read it, or something other than a
// convolution. A sum of a convolution's output and something older is part of the convolution.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pollard/graph.h"
#include "sparse/layout.h"

namespace pollard::sparse {

/// Numbers of values (in a plan) or tensors (in a schedule); -1: not there.
struct View {
  int z = -1;
  int norm = -1;
  int residual = -1;
  int residual_norm = -1;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  bool edges_pass = false;  // Clip's gradient at the bounds themselves is 1, ReLU's is 0

  [[nodiscard]] bool clips() const {
    return low > -std::numeric_limits<float>::infinity() ||
           high < std::numeric_limits<float>::infinity();
  }
};

struct PlannedValue {
  std::string name;
  MapShape extent;
  bool trains = false;  // a parameter comes before it: it needs a gradient
  bool kept = true;
  std::optional<View> view = {};  // of other values; none: a step's output
};

/// A batch norm of a kept value.
struct PlannedNorm {
  int node = -1;
  int z = -1;
  /// Nobody else reads z, which may be kept less the running mean: sums are exact about it.
  bool owns_z = false;
  bool summed = false;  // by the convolution that makes z
};

struct ConvStep {  // or Gemm
  int node = -1;
  int x = -1;
  int out = -1;
  int add = -1;   // a value added to the output
  int norm = -1;  // whose sums to make
};
struct NormStep {
  int norm = -1;
};
struct ViewStep {
  int value = -1;
};
struct PlainStep {
  int node = -1;
  std::vector<int> inputs;
  int out = -1;
};
using PlannedStep = std::variant<ConvStep, NormStep, ViewStep, PlainStep>;

struct TrainPlan {
  std::vector<PlannedValue> values;
  std::vector<PlannedNorm> norms;
  std::vector<PlannedStep> steps;  // forward
  int input = -1, output = -1;
};

/// Throws Error{Config} naming a node that cannot be trained here.
[[nodiscard]] TrainPlan plan_training(const Graph& graph);

/// The values a step reads, as often as it reads them; a view's own are those it is made of.
[[nodiscard]] std::vector<int> values_read(const TrainPlan& plan, const PlannedStep& step);

}  // namespace pollard::sparse
