#include "graph/gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "pollard/error.h"

namespace pollard {
namespace {

using pickle::Tensor;
using Wide = __int128;  // sums of 64 products of 63 bits

bool is_empty(const Tensor& tensor) {
  return std::ranges::find(tensor.sizes, 0) != tensor.sizes.end();
}

void check_numbers(const Tensor& tensor, const TensorName& name) {
  const auto negative = [](std::int64_t number) { return number < 0; };
  if (tensor.offset < 0 || std::ranges::any_of(tensor.strides, negative)) {
    refuse(name, fmt::format("has a negative offset {} or stride {}", tensor.offset,
                             to_string(tensor.strides)));
  }
  try {
    (void)element_count(tensor.sizes);
  } catch (const Error& error) {
    refuse(name, fmt::format("has an {}", error.what()));
  }
}

void check_reach(const Tensor& tensor, const TensorName& name) {
  if (is_empty(tensor)) return;
  constexpr Wide far = Wide{1} << 64;
  Wide last = tensor.offset;
  for (std::size_t d = 0; d < tensor.sizes.size(); ++d) {
    last += static_cast<Wide>(tensor.sizes[d] - 1) * tensor.strides[d];
    last = std::min(last, far);  // no sum of products leaves 128 bits
  }
  if (last >= tensor.storage->size) {
    refuse(name, fmt::format("reaches outside its storage of {} elements (offset {}, sizes {}, "
                             "strides {})",
                             tensor.storage->size, tensor.offset, to_string(tensor.sizes),
                             to_string(tensor.strides)));
  }
}

std::uint64_t needed_bytes(const Tensor& tensor) {
  constexpr Wide far = Wide{1} << 62;
  if (is_empty(tensor)) return 0;
  Wide bytes = static_cast<Wide>(tensor.storage->type->item_bytes);
  for (const std::int64_t size : tensor.sizes) bytes = std::min(bytes * size, far);
  return static_cast<std::uint64_t>(bytes);
}

bool is_contiguous(const Tensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t d = tensor.sizes.size(); d > 0; --d) {
    if (tensor.sizes[d - 1] != 1 && tensor.strides[d - 1] != expected) return false;
    expected *= tensor.sizes[d - 1];
  }
  return true;
}

/// Without dimensions of one element, which never step and may have any stride.
Tensor squeezed(const Tensor& tensor) {
  Tensor result{tensor.storage, tensor.offset, {}, {}};
  for (std::size_t d = 0; d < tensor.sizes.size(); ++d) {
    if (tensor.sizes[d] == 1) continue;
    result.sizes.push_back(tensor.sizes[d]);
    result.strides.push_back(tensor.strides[d]);
  }
  return result;
}

/// Row by row of the last dimension, counting in the others. No dimension is of 0 or 1 elements,
/// and there is one.
void copy_strided(const Tensor& tensor, const std::byte* from, HostTensor& made) {
  const std::size_t item = byte_size(made.dtype), dimensions = tensor.sizes.size();
  const Shape &sizes = tensor.sizes, &strides = tensor.strides;
  const std::int64_t row = sizes.back(), step = strides.back();
  Shape index(dimensions, 0);
  std::int64_t position = tensor.offset;
  std::byte* to = made.bytes.data();
  for (const std::byte* const end = to + made.bytes.size(); to != end;) {
    for (std::int64_t i = 0; i < row; ++i, to += item) {
      std::memcpy(to, from + static_cast<std::size_t>(position + i * step) * item, item);
    }
    for (std::size_t d = dimensions - 1; d > 0; --d) {
      position += strides[d - 1];
      if (++index[d - 1] < sizes[d - 1]) break;
      position -= strides[d - 1] * sizes[d - 1];
      index[d - 1] = 0;
    }
  }
}

}  // namespace

HostTensor gather(const Tensor& tensor, std::span<const std::byte> data, std::uint64_t& room,
                  const TensorName& name) {
  const pickle::Storage& storage = *tensor.storage;
  if (!storage.type->dtype) {
    refuse(name, fmt::format("holds a torch.{}, which is no type of Pollard's", storage.type->name),
           "convert it to float32 in Python and save it again");
  }
  check_numbers(tensor, name);
  check_reach(tensor, name);
  const std::uint64_t bytes = needed_bytes(tensor);
  if (bytes > room) {
    refuse(name, fmt::format("has sizes {}: together the tensors are many times the file",
                             to_string(tensor.sizes)));
  }
  room -= bytes;
  HostTensor made = HostTensor::zeros(*storage.type->dtype, {});
  made.shape = tensor.sizes;
  made.bytes.resize(bytes);
  if (bytes == 0) return made;
  const std::byte* from =
      data.data() + static_cast<std::size_t>(storage.first) * storage.type->item_bytes;
  if (is_contiguous(tensor)) {
    std::memcpy(made.bytes.data(),
                from + static_cast<std::size_t>(tensor.offset) * storage.type->item_bytes, bytes);
  } else {
    copy_strided(squeezed(tensor), from, made);
  }
  return made;
}

}  // namespace pollard
