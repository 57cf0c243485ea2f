// LAMP (Lee et al., "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021): with the
// weights of a layer in descending order of magnitude, w_1, w_2 ...,
//
//   score(w_i) = w_i^2 / (w_1^2 + ... + w_i^2)
//
// and the largest scores of all layers stay. The authors sum from the smallest up and subtract from
// the total; from the largest down nothing cancels. The first score of a layer is 1 and the others
// 1/2 at most, so no layer is emptied as long as there are as many weights to keep as layers. In a
// layer scores fall with the magnitude: it keeps its largest weights, and their number says all.
#pragma once

#include <cstdint>
#include <vector>

#include "pollard/masks.h"

namespace pollard {

/// What each layer keeps, `kept` in all. Scores are of the survivors alone, and compared as double;
/// equal ones stay in the order of layers. Weights must be finite, and `kept` in [0, masks.kept()].
[[nodiscard]] std::vector<std::int64_t> lamp_counts(const MaskSet& masks, const TensorMap& state,
                                                    std::int64_t kept);

}  // namespace pollard
