// Loss and hits, summed on the device so that no step waits for it.
#pragma once

#include <ATen/ATen.h>

#include "pollard/engine.h"

namespace pollard {

class MeterSums {
 public:
  explicit MeterSums(at::Device device);

  /// `loss`: the mean over the batch; logits [N, classes]; labels [N]. An image is a top-k hit if
  /// fewer than k classes score higher than its own (among equals the smaller index counts as
  /// higher); a score that is not finite is never a hit.
  void add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);

  /// Waits for the device; resets the sums.
  [[nodiscard]] Meters take();

 private:
  at::Tensor sums_;  // double: loss, top1 hits, top5 hits, images
};

}  // namespace pollard
