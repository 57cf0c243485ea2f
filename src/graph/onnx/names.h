// Names from ONNX files. Those that people gave are kept; exporters also make up numbers
// ("onnx::Conv_72"), for which the node's place in the model is a better name.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace pollard {

/// Whether an exporter made it up: "", "193", "onnx::Conv_72", "/fc/Transpose_output_0".
[[nodiscard]] bool is_made_up(std::string_view name);

/// The module that a node belongs to: "layer1.0.conv1" for PyTorch's
/// "/layer1/layer1.0/conv1/Conv", the node's own name for others.
[[nodiscard]] std::string module_name(const onnx::NodeProto& node);

/// `name` with nothing in it that tables, selections (prune.include) and files could trip over, of
/// at most 200 characters.
[[nodiscard]] std::string plain_name(std::string_view name);

/// Hands out each name once.
class Names {
 public:
  /// Plain, and with a number behind it where it is taken.
  [[nodiscard]] std::string claim(std::string_view wanted);
  [[nodiscard]] bool is_taken(std::string_view name) const { return taken_.contains(name); }

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, int> numbers_;  // the last behind each name
};

}  // namespace pollard
