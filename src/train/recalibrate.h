// Recalibration of batch norm: the running mean and variance anew, from the network as it is now.
//
// Pruning moves the distribution of what each batch norm sees, while its running statistics are
// still those of the dense network. Here they become the plain average over K training batches
// (without augmentation and dropout), weights untouched: batch k counts with weight 1/k. Methods
// reference, section 2.2: never done in silence, always a stage of its own.
#pragma once

#include <cstdint>

#include "pollard/batches.h"
#include "pollard/engine.h"
#include "pollard/progress.h"

namespace pollard {

/// Over the first `batches` batches of epoch 0 of `loader`, or all where it has fewer. Returns how
/// many there were. A network without batch norm stays as it is.
std::int64_t recalibrate(Engine& engine, BatchLoader& loader, std::int64_t batches,
                         Progress& progress);

}  // namespace pollard
