// Allocations: how `kept` weights are shared out over the layers. With N_l weights in layer l:
//
//   global    the largest |w| of all layers
//   uniform   each layer the share N_l / N of them
//   uniform+  as uniform, but the first layer stays dense if it is a convolution (4-D), and the
//             last linear layer (2-D) keeps a fifth at least (Gale et al. 2019)
//   erk       layer l a share proportional to the sum of its sizes, n_out + n_in + k_h + k_w of a
//             convolution, n_out + n_in of a linear layer; one that would keep more than N_l is
//             dense, and the others share the rest (Evci et al., ICML 2020)
//   lamp      the largest of all scores w^2 / (sum of the squares of the weights of the same layer
//             that are no smaller) (Lee et al., ICLR 2021)
//   random    any, drawn from the seed
//
// Counts are whole and exact: the largest remainders are rounded up, equal ones in the order of
// layers. Inside a layer the largest |w| stay, of equal ones those of smaller index; `random` alone
// does not look at weights.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/masks.h"

namespace pollard {

[[nodiscard]] std::vector<std::string> allocation_names();

/// Whether the counts follow from the layers' shapes alone: uniform, uniform+ and erk. Throws
/// Error{Config} naming the nearest where there is no such allocation, as all functions here do.
[[nodiscard]] bool is_determined_by_shapes(std::string_view allocation);

/// Of the weights that may be pruned, in the graph's order.
[[nodiscard]] std::vector<Shape> prunable_shapes(const Graph& graph);

/// What each layer keeps of its weights, `kept` in all, for an allocation that is determined by
/// shapes. `layers`: as prunable_shapes gives them; a grouped convolution's is [n_out, n_in /
/// groups, k_h, k_w]. `survivors`: what pruning before has left of each (none: everything); a layer
/// that has fewer than its share keeps them all, and the others share the rest in proportion.
/// Throws Error{Config} naming the largest prune.sparsity where uniform+ cannot reach `kept`, or
/// where it is negative or more than there is.
[[nodiscard]] std::vector<std::int64_t> layer_counts(std::string_view allocation,
                                                     std::span<const Shape> layers,
                                                     std::int64_t kept,
                                                     std::span<const std::int64_t> survivors = {});

/// Shrinks `masks` to exactly `kept` weights in all, by the weights in `state` (F32). What is
/// masked stays masked, whatever its value. The same `seed` keeps nested sets of random weights;
/// the other allocations draw nothing. For a while `lamp` needs 8 bytes and `random` 4 bytes a
/// weight. Throws as layer_counts, and Error{Input} naming the tensor where a weight is not finite;
/// nothing changes then. Deterministic for any number of threads.
void prune_by(std::string_view allocation, MaskSet& masks, const TensorMap& state,
              std::int64_t kept, std::uint64_t seed);

}  // namespace pollard
