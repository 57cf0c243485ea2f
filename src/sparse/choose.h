// How each layer is computed: sparsely or densely, and with tiles of which shape. By measurement on
// the layer's own place in an arena, or by a rule.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sparse/kernels.h"
#include "sparse/network.h"
#include "sparse/ops.h"

namespace pollard::sparse {

/// What was found for a layer.
struct Decision {
  Choice choice;
  double sparse_seconds = 0, dense_seconds = 0;  // of one run; 0: not measured
};

/// Below it no layer is measured densely, above it the rule takes the dense path.
constexpr double kMeasuredDensity = 0.25, kDenseDensity = 0.5;

class Chooser {
 public:
  Chooser(const Kernels& kernels, Path path, bool measure)
      : kernels_(kernels), path_(path), measure_(measure) {}

  /// Whether `op`, this dense, must have its weights packed for choose().
  [[nodiscard]] bool wants_dense(const SumOp& op, double density) const;
  /// `op` has its taps, and its packed weights where wanted. The arena's values are lost. Layers
  /// alike are measured once.
  [[nodiscard]] Decision choose(SumOp& op, double density, float* arena);

 private:
  [[nodiscard]] Decision measured(SumOp& op, double density, float* arena) const;

  const Kernels& kernels_;
  Path path_;
  bool measure_;
  std::map<std::vector<std::int64_t>, Decision> known_;
};

/// Shapes of tiles worth trying for an output of this many rows and vectors, the rule's first.
[[nodiscard]] std::vector<Choice> tiles_for(const Kernels& kernels, const Walk& walk);

}  // namespace pollard::sparse
