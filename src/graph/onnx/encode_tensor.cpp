#include "graph/onnx/encode_tensor.h"

#include <vector>

namespace pollard {
namespace {

template <typename T>
void set_raw(onnx::TensorProto& out, std::span<const T> values) {
  out.set_raw_data(values.data(), values.size_bytes());
}

onnx::TensorProto dense_tensor(const std::string& name, const HostTensor& tensor) {
  onnx::TensorProto out;
  out.set_name(name);
  out.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : tensor.shape) out.add_dims(size);
  set_raw(out, tensor.f32());
  return out;
}

onnx::SparseTensorProto sparse_tensor(const std::string& name, const HostTensor& tensor) {
  const std::span<const float> all = tensor.f32();
  std::vector<float> values;
  std::vector<std::int64_t> indices;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == 0) continue;
    values.push_back(all[i]);
    indices.push_back(static_cast<std::int64_t>(i));
  }
  onnx::SparseTensorProto out;
  const auto count = static_cast<std::int64_t>(values.size());
  onnx::TensorProto& kept = *out.mutable_values();
  kept.set_name(name);
  kept.set_data_type(onnx::TensorProto::FLOAT);
  kept.add_dims(count);
  set_raw(kept, std::span<const float>(values));
  onnx::TensorProto& places = *out.mutable_indices();
  places.set_name(name + ".indices");
  places.set_data_type(onnx::TensorProto::INT64);
  places.add_dims(count);
  set_raw(places, std::span<const std::int64_t>(indices));
  for (const std::int64_t size : tensor.shape) out.add_dims(size);
  return out;
}

}  // namespace

void add_dense(onnx::GraphProto& graph, const std::string& name, const HostTensor& tensor) {
  *graph.add_initializer() = dense_tensor(name, tensor);
}

bool add_sparse_if_smaller(onnx::GraphProto& graph, const std::string& name,
                           const HostTensor& tensor) {
  onnx::SparseTensorProto sparse = sparse_tensor(name, tensor);
  if (sparse.ByteSizeLong() >= dense_tensor(name, tensor).ByteSizeLong()) return false;
  *graph.add_sparse_initializer() = std::move(sparse);
  return true;
}

void add_scalar(onnx::GraphProto& graph, const std::string& name, float value) {
  onnx::TensorProto& out = *graph.add_initializer();
  out.set_name(name);
  out.set_data_type(onnx::TensorProto::FLOAT);
  set_raw(out, std::span<const float>(&value, 1));
}

void add_integers(onnx::GraphProto& graph, const std::string& name,
                  std::span<const std::int64_t> values) {
  onnx::TensorProto& out = *graph.add_initializer();
  out.set_name(name);
  out.set_data_type(onnx::TensorProto::INT64);
  out.add_dims(static_cast<std::int64_t>(values.size()));
  set_raw(out, values);
}

}  // namespace pollard
