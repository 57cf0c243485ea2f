// Random graphs of all operators, small enough for the plain executor.
#pragma once

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard::sparse {

struct AnyGraph {
  Graph graph;
  TensorMap state;
};

/// To be called within a property of rapidcheck.
[[nodiscard]] AnyGraph any_graph();

}  // namespace pollard::sparse
