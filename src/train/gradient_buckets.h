// Gradients of a batch that several processes share, summed while backward still runs.
//
// Parameters are put into buckets, of 4 MiB or a quarter of all where that is less, those at the
// network's end first, for backward comes by them first. With n_r images on process r, N in all,
// and g_r the gradient of the mean loss over the n_r,
//
//   g = sum_r n_r g_r / N
//
// so a bucket holds n_r g_r. Its sum begins as soon as its last gradient is there; buckets go in
// order, the same everywhere. The last one carries n_r too, and which gradients there are at all.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pollard/engine.h"
#include "train/process_group.h"

namespace pollard {

class GradientBuckets {
 public:
  /// For an engine's slots, which must stay where they are, as must the group. `bucket_bytes`: 0 is
  /// the size above; a larger parameter has a bucket of its own.
  GradientBuckets(ProcessGroup& group, std::span<ParameterSlot> slots,
                  std::int64_t bucket_bytes = 0);

  /// A step begins, with so many images on this process (0: its gradients do not count).
  void begin(std::int64_t images);
  /// The gradient of slots[index] is final.
  void ready(std::size_t index);
  /// Backward is over. Waits for all sums, and the gradients are those of the shared batch. Returns
  /// the images of all processes.
  double finish();

  [[nodiscard]] std::size_t count() const { return buckets_.size(); }
  /// Buckets of the last step whose sum began before finish().
  [[nodiscard]] std::size_t overlapped() const { return overlapped_; }

 private:
  struct Bucket {
    at::Tensor sums;                 // flat
    std::vector<std::size_t> slots;  // in it, by index
    std::size_t missing = 0;         // of them, in this step
    std::unique_ptr<ProcessGroup::Pending> pending = {};
  };
  struct Place {
    std::size_t bucket = 0;
    at::Tensor view;  // of the bucket, with sizes and strides of the parameter
    bool there = false;
  };

  void put(std::size_t index);
  void launch(Bucket& bucket);
  void finish_missing();

  ProcessGroup& group_;
  std::span<ParameterSlot> slots_;
  std::vector<Bucket> buckets_;
  std::vector<Place> places_;  // of each slot
  at::Tensor notes_;           // the end of the last bucket: images, then 1 for each gradient
  double images_ = 0;
  std::size_t next_ = 0, overlapped_ = 0;  // buckets launched
};

}  // namespace pollard
