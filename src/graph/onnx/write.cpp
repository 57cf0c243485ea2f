// A file is checked before it appears: libonnx's checker must accept it, its shape inference must
// find our output's shape, and what our reader makes of it must be written as the same file again:
// the same nodes, attributes and weights, so the same outputs and the same zeros.
#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <limits>

#include "core/files.h"
#include "core/finite.h"
#include "graph/byte_cursor.h"
#include "graph/fold_batch_norm.h"
#include "graph/onnx/encode.h"
#include "graph/onnx/names.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"

namespace pollard {
namespace {

[[noreturn]] void broken(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::Internal, fmt::format("{}: {}; the file was not written", path, why));
}

std::string serialize(const onnx::ModelProto& model, const std::string& path) {
  std::string bytes;
  if (model.ByteSizeLong() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::Input,
                fmt::format("{}: the network has {} bytes, ONNX files hold at most 2 GiB", path,
                            model.ByteSizeLong()));
  }
  if (!model.SerializeToString(&bytes)) broken(path, "the model cannot be encoded");
  return bytes;
}

/// The one output's shape as libonnx derives it, without the batch.
Shape inferred_output(onnx::ModelProto model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  // It does not take sparse weights for tensors: to it they are inputs of their shape.
  for (const onnx::SparseTensorProto& sparse : graph.sparse_initializer()) {
    onnx::ValueInfoProto& input = *graph.add_input();
    input.set_name(sparse.values().name());
    onnx::TypeProto::Tensor& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t size : sparse.dims()) {
      type.mutable_shape()->add_dim()->set_dim_value(size);
    }
  }
  graph.clear_sparse_initializer();
  onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {true, 1, true});
  Shape shape;
  const auto& dimensions = graph.output(0).type().tensor_type().shape().dim();
  for (int i = 1; i < dimensions.size(); ++i) shape.push_back(dimensions[i].dim_value());
  return shape;
}

/// What libonnx finds wrong, or "".
std::string find_fault(const onnx::ModelProto& model, const Graph& graph) {
  try {
    onnx::checker::check_model(model);
    const Shape& whole = graph.shape(graph.output());
    const Shape expected(whole.begin() + 1, whole.end()), inferred = inferred_output(model);
    if (inferred == expected) return "";
    return fmt::format("libonnx infers an output of {}, expected {}", to_string(inferred),
                       to_string(expected));
  } catch (const std::exception& error) {
    return fmt::format("libonnx refuses the model: {}", error.what());
  }
}

/// Names that are read back as they are.
void check_names(const Graph& graph, const std::string& path) {
  const auto check = [&path](const std::string& name) {
    if (plain_name(name) == name) return;
    throw Error(ErrorCode::Input,
                fmt::format("{}: the name '{}' of the network has characters that we do not write",
                            path, shortened(name)),
                "use at most 200 letters, digits and _-./:+@");
  };
  check(graph.name());
  for (const Node& node : graph.nodes()) check(node.name);
  for (const ParameterInfo& parameter : graph.parameters()) check(parameter.name);
}

/// A model's bytes but for the order of initialisers, which no network depends on.
std::string in_order(onnx::ModelProto model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  const auto before = [](const auto& a, const auto& b) { return a.name() < b.name(); };
  const auto before_sparse = [](const auto& a, const auto& b) {
    return a.values().name() < b.values().name();
  };
  std::sort(graph.mutable_initializer()->begin(), graph.mutable_initializer()->end(), before);
  std::sort(graph.mutable_sparse_initializer()->begin(), graph.mutable_sparse_initializer()->end(),
            before_sparse);
  return model.SerializeAsString();
}

/// Whether reading `bytes` and writing the result makes the same model.
bool reads_as_written(const std::string& bytes, const onnx::ModelProto& model,
                      const std::string& path, const OnnxOptions& options) {
  const OnnxModel read = decode_onnx(std::as_bytes(std::span(bytes)), path);
  OnnxOptions again = options;
  again.output = read.output;
  onnx::ModelProto rewritten = encode_model(read.graph, read.state, again);
  return in_order(model) == in_order(std::move(rewritten));
}

}  // namespace

OnnxReport write_onnx(const std::filesystem::path& path, const Graph& graph, const TensorMap& state,
                      const OnnxOptions& options) {
  check_names(graph, path.string());
  FoldedNetwork network{graph, match_state(graph, state, path.string())};
  if (const std::string* name = find_not_finite(network.state); name != nullptr) {
    throw Error(ErrorCode::Input, fmt::format("{}: tensor '{}' has values that are not finite",
                                              path.string(), *name));
  }
  if (options.fold_batch_norm) network = fold_batch_norm(network.graph, network.state);
  const std::string bytes =
      serialize(encode_model(network.graph, network.state, options), path.string());
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) broken(path.string(), "the model cannot be read back");
  if (const std::string fault = find_fault(model, network.graph); !fault.empty()) {
    broken(path.string(), fault);
  }
  if (!reads_as_written(bytes, model, path.string(), options)) {
    broken(path.string(), "the model is read back as another");
  }
  write_file(path, std::string_view(bytes));
  OnnxReport report{.bytes = static_cast<std::int64_t>(bytes.size()),
                    .sparse_tensors = model.graph().sparse_initializer_size()};
  for (const ParameterInfo& parameter : network.graph.parameters()) {
    if (parameter.role != ParameterRole::Weight) continue;
    const std::span<const float> values = network.state.at(parameter.name).f32();
    report.weights += std::ssize(values);
    report.nonzeros += std::ssize(values) - std::ranges::count(values, 0.0F);
  }
  return report;
}

}  // namespace pollard
