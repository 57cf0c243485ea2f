// The state dictionary of a checkpoint: the tensors of a network by name, found among what else a
// training script may have saved beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "graph/pickle.h"
#include "pollard/tensor.h"

namespace pollard {

/// The bytes of a storage's data, type->item_bytes * count of them. May throw Error{Input}.
using StorageBytes = std::function<std::span<const std::byte>(const pickle::Storage&)>;

/// The dictionary under "state_dict", "model", "model_state_dict", "net" or "network", the first
/// that holds tensors; else the pickled value itself. Entries that are no tensors are left out. A
/// prefix "module." that all names have is dropped. X_orig and X_mask (torch.nn.utils.prune) become
/// X, their product, as F32. No more than `room` bytes are made.
///
/// Throws Error{Input} naming `origin`: for a pickled module, for what holds no tensors, and for a
/// tensor that only calling an unknown function would give.
[[nodiscard]] TensorMap read_state(const pickle::Unpickled& pickled, const StorageBytes& data,
                                   std::uint64_t room, std::string_view origin);

}  // namespace pollard
