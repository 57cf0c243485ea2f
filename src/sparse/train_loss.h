// Cross-entropy with label smoothing e over K classes, as PyTorch defines it:
//
//   loss = -sum t[k] * log p[k],  p = softmax(logits),  t[k] = (1 - e) * [k = label] + e / K
//   gradient of the mean over N images = (p - t) / N
//
// An image is a top-k hit if fewer than k classes score higher than its own (among equals the
// smaller index counts as higher); a score that is not finite is never a hit.
#pragma once

#include <cstdint>
#include <span>

#include "sparse/train_site.h"
#include "sparse/trainer.h"

namespace pollard::sparse {

/// gradient may be null.
[[nodiscard]] StepResult cross_entropy(TrainSite& site, const TrainTensor& logits,
                                       std::span<const std::int64_t> labels, double smoothing,
                                       const TrainTensor* gradient);

}  // namespace pollard::sparse
