// ONNX's tensors as ours, from files that are not trusted: floats become F32, whole numbers and
// truth values I64, whatever their width. Data lie in raw_data, in the typed fields, or in a file
// beside the model (external data), which must be in the model's folder.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pollard/tensor.h"

namespace pollard {

class TensorReader {
 public:
  /// `folder`: that of the model; nothing where it is no file and has no others beside it. `size`:
  /// bytes of the model, which bound what may be made of it.
  TensorReader(std::optional<std::filesystem::path> folder, std::uint64_t size);

  /// Throw Error{Input}: "tensor 'NAME' PROBLEM".
  [[nodiscard]] HostTensor read(const onnx::TensorProto& tensor);
  [[nodiscard]] HostTensor read(const onnx::SparseTensorProto& tensor);

  /// Memory for what is computed from tensors. Throws Error{Input} where a hostile file would take
  /// too much.
  void spend(std::uint64_t bytes);

 private:
  [[nodiscard]] std::string external_bytes(const onnx::TensorProto& tensor, std::uint64_t needed);
  [[nodiscard]] std::filesystem::path external_file(const onnx::TensorProto& tensor,
                                                    const std::string& location);

  std::optional<std::filesystem::path> folder_;
  std::uint64_t room_;
  std::map<std::filesystem::path, std::uint64_t> external_;  // sizes of the files used so far
};

}  // namespace pollard
