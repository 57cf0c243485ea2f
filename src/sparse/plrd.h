// .plrd, the file of a pruned network: graph, weights and notes in one, about as small as its
// weights allow. docs/formats.md describes it byte by byte.
//
// Reading treats the file as untrusted: whatever it holds, it is an Error{Input} or a graph that
// its building functions accepted, with all of its tensors.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard::sparse {

using Metadata = std::map<std::string, std::string>;

struct NetworkFile {
  Graph graph;
  TensorMap state;  // every parameter, F32
  Metadata metadata;
};

/// The same content gives the same bytes. A zero of either sign is a zero that is left out.
/// Throws Error{Input} naming a tensor that is missing, left over, or of another shape or type, and
/// for what a reader would refuse.
[[nodiscard]] std::vector<std::byte> encode_plrd(const Graph& graph, const TensorMap& state,
                                                 const Metadata& metadata);
/// Throws Error{Input} beginning with `origin`.
[[nodiscard]] NetworkFile decode_plrd(std::span<const std::byte> bytes, std::string_view origin);

/// Whole or not at all. Gives back the size in bytes.
std::size_t write_plrd(const std::filesystem::path& path, const Graph& graph,
                       const TensorMap& state, const Metadata& metadata);
[[nodiscard]] NetworkFile read_plrd(const std::filesystem::path& path);

}  // namespace pollard::sparse
