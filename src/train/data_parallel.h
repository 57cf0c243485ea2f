// One training on several processes: an engine that computes its share of each batch and gives the
// loop what one process would have got from the whole.
//
// Every process holds all weights and takes the same steps. Gradients and meters are those of the
// whole batch (gradient_buckets.h), so optimizer and method do the same everywhere, and weights
// stay the same bit for bit; at the start, at a resume and whenever masks change, hashes are
// compared. Batch norm's statistics are those of each process's own share, as in PyTorch's
// DistributedDataParallel, and the running ones those of rank 0; or, if asked for, those of the
// whole batch (exec/shared_norm.h), as one process has them.
#pragma once

#include <cstdint>
#include <memory>

#include "pollard/engine.h"
#include "pollard/masks.h"
#include "train/process_group.h"

namespace pollard {

struct DataParallelSettings {
  bool sync_batch_norm = false;
};

/// `engine` on `group`, which must outlive it; batches come from loaders whose BatchShare is the
/// group's. forward_backward, evaluate's first after training, take_meters, share_gradients,
/// load_state, load_velocity and set_masks are calls that all processes make together.
///
/// set_masks() takes rank 0's masks everywhere, and throws Error{Peer} where another process has
/// chosen others; so do load_state() and load_velocity() for what they are given. Throws
/// Error{Config} if the engine cannot do sync_batch_norm.
[[nodiscard]] std::unique_ptr<Engine> make_data_parallel(std::unique_ptr<Engine> engine,
                                                         ProcessGroup& group,
                                                         const DataParallelSettings& settings = {});

/// Rank 0's masks, if all processes have the same; throws Error{Peer} naming those that do not.
[[nodiscard]] TensorMap share_masks(ProcessGroup& group, TensorMap masks);

/// Throws Error{Config} where a batch of an epoch, the last, is too small for every process to have
/// an image: batch norm over processes needs one on each.
void require_full_shares(std::int64_t images, std::int64_t batch_size, int processes);

}  // namespace pollard
