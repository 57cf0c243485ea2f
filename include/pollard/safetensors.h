// Safetensors files: u64 little-endian length of the header, a JSON header
// {"name": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, "__metadata__": {"k":
// "v"}}, then the raw little-endian data. https://huggingface.co/docs/safetensors
//
// Reading treats the file as untrusted: lengths, offsets, overlaps, holes and overflows are
// checked.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

struct Safetensors {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
};

/// Tensors in name order, data aligned to 8 bytes (the header is padded with spaces).
/// The same content gives the same bytes.
[[nodiscard]] std::vector<std::byte> encode_safetensors(const Safetensors& content);
/// Throws Error{Input} naming `origin` and the tensor.
[[nodiscard]] Safetensors decode_safetensors(std::span<const std::byte> bytes,
                                             std::string_view origin);

/// Whole or not at all (fsync, rename).
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);
[[nodiscard]] Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace pollard
