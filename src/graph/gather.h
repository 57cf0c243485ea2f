// Tensors out of storages: element (i, j, ...) of a tensor is element offset + i*stride[0] +
// j*stride[1] + ... of its storage. Transposed, sliced and expanded views become dense.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "graph/byte_cursor.h"
#include "graph/pickle.h"
#include "pollard/tensor.h"

namespace pollard {

/// Copies what the tensor views. `data` are the bytes of the whole storage, count * item_bytes of
/// them. `room` is how many bytes may still be made; what is made is taken from it. Throws
/// Error{Input} where the tensor reaches outside its storage, is of a type Pollard does not have,
/// or is larger than the room.
[[nodiscard]] HostTensor gather(const pickle::Tensor& tensor, std::span<const std::byte> data,
                                std::uint64_t& room, const TensorName& name);

}  // namespace pollard
