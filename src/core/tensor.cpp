#include "pollard/tensor.h"

#include <cstring>
#include <utility>

#include "pollard/error.h"

namespace pollard {
namespace {

template <typename T>
std::span<T> view(HostTensor& tensor, DType wanted) {
  if (tensor.dtype != wanted) {
    throw Error(ErrorCode::Input, "tensor holds " + std::string(dtype_name(tensor.dtype)) +
                                      ", expected " + std::string(dtype_name(wanted)));
  }
  return {reinterpret_cast<T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

template <typename T>
std::span<const T> view(const HostTensor& tensor, DType wanted) {
  return view<T>(const_cast<HostTensor&>(tensor), wanted);
}

}  // namespace

std::int64_t element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) {
      throw Error(ErrorCode::Input, "impossible tensor shape " + to_string(shape));
    }
  }
  return count;
}

std::string to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t byte_size(DType type) {
  switch (type) {
    case DType::F64:
    case DType::I64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::F16:
    case DType::BF16:
    case DType::I16:
      return 2;
    case DType::I8:
    case DType::U8:
    case DType::Bool:
      return 1;
  }
  return 0;
}

std::string_view dtype_name(DType type) {
  switch (type) {
    case DType::F64:
      return "F64";
    case DType::F32:
      return "F32";
    case DType::F16:
      return "F16";
    case DType::BF16:
      return "BF16";
    case DType::I64:
      return "I64";
    case DType::I32:
      return "I32";
    case DType::I16:
      return "I16";
    case DType::I8:
      return "I8";
    case DType::U8:
      return "U8";
    case DType::Bool:
      return "BOOL";
  }
  return "?";
}

HostTensor HostTensor::zeros(DType dtype, Shape shape) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(element_count(shape)), byte_size(dtype),
                             &bytes) ||
      bytes > std::vector<std::byte>().max_size()) {
    throw Error(ErrorCode::Input, "impossible tensor shape " + to_string(shape));
  }
  return {dtype, std::move(shape), std::vector<std::byte>(bytes)};
}

HostTensor HostTensor::from_floats(Shape shape, std::span<const float> values) {
  HostTensor tensor = zeros(DType::F32, std::move(shape));
  if (tensor.bytes.size() != values.size_bytes()) {
    throw Error(ErrorCode::Internal, "shape " + to_string(tensor.shape) + " does not hold " +
                                         std::to_string(values.size()) + " values");
  }
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size_bytes());
  return tensor;
}

std::span<float> HostTensor::f32() { return view<float>(*this, DType::F32); }
std::span<const float> HostTensor::f32() const { return view<float>(*this, DType::F32); }
std::span<std::uint8_t> HostTensor::u8() { return view<std::uint8_t>(*this, DType::U8); }
std::span<const std::uint8_t> HostTensor::u8() const {
  return view<std::uint8_t>(*this, DType::U8);
}
std::span<const std::int64_t> HostTensor::i64() const {
  return view<std::int64_t>(*this, DType::I64);
}

}  // namespace pollard
