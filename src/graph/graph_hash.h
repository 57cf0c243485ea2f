// What a network computes, as one number: for the identity of stages whose network comes from a
// file.
#pragma once

#include <string>

#include "pollard/graph.h"

namespace pollard {

/// 32 hexadecimal digits of the shape of images, the parameters (names, shapes, roles) and the
/// nodes (names, operators, attributes, inputs). Neither the network's name nor what may be pruned
/// counts.
[[nodiscard]] std::string graph_hash(const Graph& graph);

}  // namespace pollard
