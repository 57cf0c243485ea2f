// A plan as two lists of actions on tensors in memory, one for the way forward and one for the way
// back, each action one parallel pass.
//
// On the way back every value collects the gradients of those who read it. The last one to come, if
// a convolution computes it, takes the others as a summand, passes the clip of the value's view and
// makes the sums for its norm on the way. Gradients of a view reach z as (g, norm) and are spread,
// a * g + b * (z - mean) + c, where they are used.
//
// Tensors whose lives do not overlap share buffers, the one freed last first, which is the one that
// may still be in the caches.
#pragma once

#include <variant>
#include <vector>

#include "sparse/train_plan.h"

namespace pollard::sparse {

// ---- forward
// --------------------------------------------------------------------------------------

/// out = view
struct MakeView {
  View view;
  int out = -1;
};
/// out = conv(x) + add, and the sums of a norm.  x is copied to `copy` on the way.
struct RunConv {
  int layer = -1;
  View x;
  int copy = -1;
  int add = -1;
  int out = -1;
  int norm = -1;
};
/// The batch's moments, from sums that the convolution made or, where z is there, of z.
struct RunNorm {
  int norm = -1;
  int z = -1;
};
struct RunPlain {
  int node = -1;
  std::vector<int> inputs;
  int out = -1;
  int saved = -1;  // what the operator keeps for the way back
};

// ---- backward
// -------------------------------------------------------------------------------------

/// What a gradient passes on its way into a view: the gate low < norm(gate) < high, and the sums
/// for the view's norm.
struct Passage {
  int gate = -1;
  int gate_norm = -1;
  float low = 0, high = 0;
  int norm = -1;
  int z = -1;  // that the norm is of
  [[nodiscard]] bool is_free() const { return gate < 0 && norm < 0; }
};
/// Gradients of a convolution's weights from g (through `norm`, if there), and, if `out` is there,
/// of x:  out = passage(gradient + add).
struct BackConv {
  int layer = -1;
  View x;
  int g = -1;
  int norm = -1;
  int z = -1;             // that the norm is of
  bool balanced = false;  // behind norms only: the gradient of a bias is zero
  int out = -1;
  int add = -1;
  Passage passage = {};
};
/// out = passage(sum + add)
struct Pass {
  int sum = -1;
  int add = -1;
  Passage passage = {};
  int out = -1;
};
/// The sums of g for a norm.
struct SumForNorm {
  int norm = -1, z = -1;
  int g = -1;
};
/// From a norm's sums: gradients of its parameters, and the numbers of its backward formula.
struct FinishNorm {
  int norm = -1;
};
/// out = gradient of z from g behind the norm, + add
struct SpreadNorm {
  int norm = -1, z = -1;
  int g = -1;
  int add = -1;
  int out = -1;
};
struct BackPlain {
  int node = -1;
  std::vector<int> inputs;
  int out = -1;
  int saved = -1;
  int g = -1;
  std::vector<int> gradients = {};  // one for each input, -1 where none is wanted
};

using ForwardAction = std::variant<MakeView, RunConv, RunNorm, RunPlain>;
using BackwardAction = std::variant<BackConv, Pass, SumForNorm, FinishNorm, SpreadNorm, BackPlain>;

struct ScheduledTensor {
  MapShape extent;
  int buffer = -1;
};

struct Schedule {
  std::vector<ScheduledTensor> tensors;
  std::vector<std::int64_t> buffers;  // floats an image
  std::vector<ForwardAction> forward;
  std::vector<BackwardAction> backward;
  std::vector<int> layers;  // the node of each convolution or linear layer
  int input = -1, output = -1, output_gradient = -1;
};

[[nodiscard]] Schedule schedule_training(const Graph& graph, const TrainPlan& plan);

}  // namespace pollard::sparse
