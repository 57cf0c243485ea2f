#include "graph/to_f32.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "support/thrown.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
HostTensor tensor_of(DType dtype, const std::vector<T>& values) {
  HostTensor tensor = HostTensor::zeros(dtype, {static_cast<std::int64_t>(values.size())});
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

TEST(ToF32, EveryHalf) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double sign = bits & 0x8000U ? -1 : 1;
    const int exponent = static_cast<int>(bits >> 10 & 31U);
    const double fraction = bits & 1023U;
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    ASSERT_EQ(std::signbit(value), sign < 0) << bits;
    if (exponent == 31) {
      ASSERT_EQ(std::isnan(value), fraction != 0) << bits;
      ASSERT_EQ(std::isinf(value), fraction == 0) << bits;
    } else if (exponent == 0) {
      ASSERT_EQ(value, sign * fraction / 1024 * std::exp2(-14)) << bits;
    } else {
      ASSERT_EQ(value, sign * (1 + fraction / 1024) * std::exp2(exponent - 15)) << bits;
    }
  }
}

TEST(ToF32, ConvertsEveryFloatingType) {
  EXPECT_THAT(to_f32(tensor_of<double>(DType::F64, {0.1, -2.5})).f32(), ElementsAre(0.1F, -2.5F));
  EXPECT_THAT(to_f32(tensor_of<std::uint16_t>(DType::F16, {0x3C00, 0xC100, 0x0001})).f32(),
              ElementsAre(1.0F, -2.5F, 0x1p-24F));
  EXPECT_THAT(to_f32(tensor_of<std::uint16_t>(DType::BF16, {0x3F80, 0xC020, 0x4049})).f32(),
              ElementsAre(1.0F, -2.5F, 3.140625F));
  const HostTensor same = tensor_of<float>(DType::F32, {0.1F, -0.0F});
  EXPECT_EQ(to_f32(same), same);
}

TEST(ToF32, RefusesIntegers) {
  for (const DType dtype :
       {DType::I64, DType::I32, DType::I16, DType::I8, DType::U8, DType::Bool}) {
    const Error error = test::thrown_by([&] { (void)to_f32(HostTensor::zeros(dtype, {2})); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
    EXPECT_THAT(error.what(), HasSubstr(std::string(dtype_name(dtype))));
  }
}

}  // namespace
}  // namespace pollard
