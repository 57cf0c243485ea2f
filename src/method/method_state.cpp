#include "method/method_state.h"

#include <cstring>

#include "exec/host_tensors.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr const char* kHint = "resume with the method and the network it was saved with";

template <typename T>
HostTensor number_tensor(DType type, T number) {
  HostTensor tensor = HostTensor::zeros(type, {});
  std::memcpy(tensor.bytes.data(), &number, sizeof number);
  return tensor;
}

template <typename T>
T read_number(const TensorMap& state, const std::string& key, DType type) {
  const auto found = state.find(key);
  if (found == state.end() || found->second.dtype != type || !found->second.shape.empty()) {
    throw Error(ErrorCode::Input, "the method's state has no number '" + key + "'", kHint);
  }
  T number;
  std::memcpy(&number, found->second.bytes.data(), sizeof number);
  return number;
}

}  // namespace

void restore_tensor(at::Tensor& tensor, const TensorMap& state, const std::string& key) {
  const auto found = state.find(key);
  if (found == state.end() || found->second.shape != tensor.sizes().vec()) {
    throw Error(ErrorCode::Input, "the method's state has no fitting tensor '" + key + "'", kHint);
  }
  copy_into(tensor, found->second);
}

HostTensor count_tensor(std::int64_t count) { return number_tensor(DType::I64, count); }
HostTensor real_tensor(double value) { return number_tensor(DType::F64, value); }

std::int64_t read_count(const TensorMap& state, const std::string& key) {
  return read_number<std::int64_t>(state, key, DType::I64);
}
double read_real(const TensorMap& state, const std::string& key) {
  return read_number<double>(state, key, DType::F64);
}

}  // namespace pollard
