// Checkpoints of PyTorch (.pt, .pth, .th), as torch.save writes them: zip archives since 1.6, and
// the format before. Read without LibTorch, and without executing what a pickle asks for.
//
//   zip     PREFIX/data.pkl, a pickle; PREFIX/data/KEY, the storages; PREFIX/byteorder, "little"
//   before  pickles of a magic number, the protocol 1001, the system (little_endian ...), the
//   object
//           and the list of its storages' keys; then for each key an int64 count and the data
//
// What is taken from it is the state_dict: the dictionary itself, or the first that holds tensors
// under "state_dict", "model", "model_state_dict", "net" or "network". Entries that are no tensors,
// optimizers, arguments and counters beside it are ignored. Where all names begin with "module."
// (DataParallel), that is dropped. Pairs X_orig and X_mask (torch.nn.utils.prune) become X, their
// product, as F32.
//
// Files are not trusted: see docs/formats.md for the limits. The big-endian order, compressed
// archives, TorchScript and whole pickled modules are refused.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "pollard/safetensors.h"
#include "pollard/tensor.h"

namespace pollard {

/// Whether the name ends as such files usually do: .pt, .pth or .th.
[[nodiscard]] bool is_named_as_pytorch(std::string_view name);
/// Tells by the first bytes.
[[nodiscard]] bool is_pytorch(std::span<const std::byte> bytes);

/// Dense tensors in the file's types; shapes as PyTorch has them. Throws Error{Input} naming
/// `origin`, and the tensor, entry or byte.
[[nodiscard]] TensorMap decode_pytorch(std::span<const std::byte> bytes, std::string_view origin);
[[nodiscard]] TensorMap read_pytorch(const std::filesystem::path& path);

/// A file of either kind, told by its content; metadata are those of safetensors files only.
/// Throws Error{Io} if it cannot be read, Error{Input} naming it if it is damaged.
[[nodiscard]] Safetensors decode_weights(std::span<const std::byte> bytes, std::string_view origin);
[[nodiscard]] Safetensors read_weights(const std::filesystem::path& path);

}  // namespace pollard
