#include "graph/to_f32.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "pollard/error.h"

namespace pollard {
namespace {

template <typename Source, typename Convert>
HostTensor convert(const HostTensor& tensor, Convert to_float) {
  HostTensor result = HostTensor::zeros(DType::F32, tensor.shape);
  const std::span<float> values = result.f32();
  for (std::size_t i = 0; i < values.size(); ++i) {
    Source source;
    std::memcpy(&source, tensor.bytes.data() + i * sizeof source, sizeof source);
    values[i] = to_float(source);
  }
  return result;
}

}  // namespace

// IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

float bfloat_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

HostTensor to_f32(HostTensor tensor) {
  switch (tensor.dtype) {
    case DType::F32:
      return tensor;
    case DType::F64:
      return convert<double>(tensor, [](double value) { return static_cast<float>(value); });
    case DType::F16:
      return convert<std::uint16_t>(tensor, half_to_float);
    case DType::BF16:
      return convert<std::uint16_t>(tensor, bfloat_to_float);
    default:
      throw Error(ErrorCode::Input,
                  fmt::format("holds {}, expected floats", dtype_name(tensor.dtype)));
  }
}

}  // namespace pollard
