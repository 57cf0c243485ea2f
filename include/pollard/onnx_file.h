// ONNX files: networks for other runtimes, and networks from PyTorch.
//
//   written  opset 13, IR version 7, any batch; nodes, values and parameters under their names
//            (initialisers), small constants beside them (Slice's starts ...)
//   read     opset 11 to 17; see docs/onnx.md for the operators and what becomes of them
//
// Files are not trusted: see docs/onnx.md for the limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard {

/// A sparse initialiser has 12 bytes for each value that is not zero. Runtimes make it dense when
/// they load it: it saves bytes, not time.
enum class SparseInitializers {
  Never,
  Auto,  // for each tensor that is smaller so
};

struct OnnxOptions {
  SparseInitializers sparse = SparseInitializers::Never;
  bool fold_batch_norm = false;                      // into the convolution or Gemm before it
  std::map<std::string, std::string> metadata = {};  // metadata_props: sparsity, method ...
  std::string input = "input";
  std::string output = {};  // "": as the graph calls it
};

/// What was written.
struct OnnxReport {
  std::int64_t bytes = 0;
  std::int64_t sparse_tensors = 0;
  std::int64_t nonzeros = 0, weights = 0;  // of the weights of convolutions and Gemms
};

/// `state` must hold every parameter (see match_state). The file is checked before it appears,
/// whole or not at all. Throws Error{Input} naming a tensor that does not fit or is not finite.
OnnxReport write_onnx(const std::filesystem::path& path, const Graph& graph, const TensorMap& state,
                      const OnnxOptions& options = {});

struct OnnxModel {
  Graph graph;
  TensorMap state;                              // every parameter of the graph, as F32
  std::map<std::string, std::string> metadata;  // metadata_props
  std::string producer;                         // "pytorch 1.13.0"
  std::string input, output;                    // as the file calls them
};

/// `images` replaces sizes that the file leaves open, and gives those of a file whose input is one
/// row an image. Throws Error{Input} naming the file; nodes that cannot be read are named all at
/// once.
[[nodiscard]] OnnxModel read_onnx(const std::filesystem::path& path, ImageShape images = {});
/// Without the files that a model may have beside it.
[[nodiscard]] OnnxModel decode_onnx(std::span<const std::byte> bytes, std::string_view origin,
                                    ImageShape images = {});

[[nodiscard]] bool is_named_as_onnx(std::string_view name);

}  // namespace pollard
