#include "graph/tensor_checksum.h"

#include "core/hash.h"

namespace pollard {

std::string tensor_checksum(const Safetensors& file) {
  Hasher hasher;
  const auto progress = file.metadata.find("progress");
  hasher.add(progress == file.metadata.end() ? std::string_view() : progress->second);
  for (const auto& [name, tensor] : file.tensors) {
    hasher.add(name).add(dtype_name(tensor.dtype)).add(to_string(tensor.shape)).add(tensor.bytes);
  }
  return hasher.hex();
}

}  // namespace pollard
