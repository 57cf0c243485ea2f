#include "exec/host_tensors.h"

#include <cstring>

#include "pollard/error.h"

namespace pollard {
namespace {

at::ScalarType scalar_type(DType type) {
  switch (type) {
    case DType::F64:
      return at::kDouble;
    case DType::F32:
      return at::kFloat;
    case DType::F16:
      return at::kHalf;
    case DType::BF16:
      return at::kBFloat16;
    case DType::I64:
      return at::kLong;
    case DType::I32:
      return at::kInt;
    case DType::I16:
      return at::kShort;
    case DType::I8:
      return at::kChar;
    case DType::U8:
      return at::kByte;
    case DType::Bool:
      return at::kBool;
  }
  throw Error(ErrorCode::Internal, "unknown tensor type");
}

DType host_type(at::ScalarType type) {
  for (const DType candidate : {DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64,
                                DType::I32, DType::I16, DType::I8, DType::U8, DType::Bool}) {
    if (scalar_type(candidate) == type) return candidate;
  }
  throw Error(ErrorCode::Input,
              std::string("tensors of type ") + c10::toString(type) + " cannot be stored");
}

}  // namespace

HostTensor to_host(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU).contiguous();
  HostTensor host = HostTensor::zeros(host_type(flat.scalar_type()), flat.sizes().vec());
  if (!host.bytes.empty()) std::memcpy(host.bytes.data(), flat.data_ptr(), host.bytes.size());
  return host;
}

at::Tensor to_torch(const HostTensor& host) {
  at::Tensor tensor = at::empty(host.shape, at::TensorOptions().dtype(scalar_type(host.dtype)));
  if (!host.bytes.empty()) std::memcpy(tensor.data_ptr(), host.bytes.data(), host.bytes.size());
  return tensor;
}

void copy_into(at::Tensor& target, const HostTensor& source) {
  const at::NoGradGuard no_grad;
  target.copy_(to_torch(source));
}

}  // namespace pollard
