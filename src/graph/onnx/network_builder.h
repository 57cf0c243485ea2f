// The network that comes of an ONNX file, before it is a Graph: nodes can still get a bias from an
// Add behind them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "graph/onnx/names.h"
#include "graph/onnx/node.h"
#include "graph/onnx/tensors.h"
#include "pollard/graph.h"

namespace pollard {

class NetworkBuilder {
 public:
  /// `ours`: of a file that we wrote, where names are never made up and what is shared is meant so.
  NetworkBuilder(ImageShape input, bool ours, TensorReader& tensors);

  /// Of a value; the batch reads 1.
  [[nodiscard]] const Shape& shape(const std::string& value) const { return shapes_.at(value); }

  /// A parameter of the layer that `node` is, by its name in the file or else after the node.
  /// `variant` says what was done to the constant to get `tensor`. Layers that share a weight or
  /// bias go on sharing it; batch norms get their own.
  [[nodiscard]] std::string add_parameter(const OnnxNode& node, const Constant& source,
                                          ParameterRole role, HostTensor tensor,
                                          const std::string& variant = "");
  /// The value it makes. Throws Error{Input} beginning with the node's label where shapes do not
  /// fit.
  std::string add_node(const OnnxNode& node, Operator op, std::vector<std::string> inputs);
  /// One that is not in the file.
  std::string add_node(const std::string& name, Operator op, std::vector<std::string> inputs);

  /// Adds a constant to a convolution's or Gemm's result. False where it cannot: `value` has
  /// another maker, or the layer has a bias already.
  [[nodiscard]] bool add_bias(const std::string& value, const OnnxNode& node, const Constant& bias);

  [[nodiscard]] Graph build(std::string name, const std::string& output) const;
  /// The parameters of build()'s graph.
  [[nodiscard]] TensorMap take_state();

 private:
  struct Layer {
    std::string name;
    Operator op;
    std::vector<std::string> inputs;
  };
  std::string add(std::string_view label, std::string_view name, Operator op,
                  std::vector<std::string> inputs);

  ImageShape input_;
  bool ours_;
  TensorReader& tensors_;
  Names names_;
  std::vector<Layer> layers_;
  std::map<std::string, std::size_t> makers_;  // of values, in layers_
  std::map<std::string, Shape> shapes_;        // of values and parameters
  std::map<std::string, ParameterRole> roles_;
  TensorMap state_;
  using Shared = std::tuple<std::shared_ptr<const HostTensor>, ParameterRole, std::string>;
  std::map<Shared, std::string> shared_;
};

}  // namespace pollard
