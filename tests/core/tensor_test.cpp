#include "pollard/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(Tensor, CountsElements) {
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{16, 3, 3, 3}), 432);
  EXPECT_EQ(element_count(Shape{5, 0, 7}), 0);
  EXPECT_EQ(element_count(Shape{kLargest}), kLargest);
}

TEST(Tensor, RefusesImpossibleShapes) {
  for (const Shape& shape : {Shape{-1}, Shape{2, -3}, Shape{kLargest, 2}, Shape{0, -1}}) {
    const Error error = thrown_by([&] { (void)element_count(shape); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
    EXPECT_THAT(error.what(), HasSubstr(to_string(shape)));
  }
}

TEST(Tensor, RefusesShapesWhoseBytesOverflow) {
  // 2^61 elements of 8 bytes are 2^64 bytes, which would wrap round to none.
  for (const std::int64_t size : {std::int64_t{1} << 61, std::int64_t{1} << 60}) {
    const Error error = thrown_by([&] { (void)HostTensor::zeros(DType::F64, {size}); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
  }
}

TEST(Tensor, PrintsShapes) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{10}), "[10]");
  EXPECT_EQ(to_string(Shape{16, 3, 3, 3}), "[16, 3, 3, 3]");
}

TEST(Tensor, KnowsTheTypesOfSafetensors) {
  const std::vector<std::tuple<DType, std::string_view, std::size_t>> types = {
      {DType::F64, "F64", 8},   {DType::F32, "F32", 4}, {DType::F16, "F16", 2},
      {DType::BF16, "BF16", 2}, {DType::I64, "I64", 8}, {DType::I32, "I32", 4},
      {DType::I16, "I16", 2},   {DType::I8, "I8", 1},   {DType::U8, "U8", 1},
      {DType::Bool, "BOOL", 1}};
  for (const auto& [type, name, size] : types) {
    EXPECT_EQ(dtype_name(type), name);
    EXPECT_EQ(byte_size(type), size) << name;
  }
}

TEST(Tensor, ZerosAreZero) {
  const HostTensor tensor = HostTensor::zeros(DType::F32, {2, 3});
  EXPECT_EQ(tensor.bytes.size(), 24U);
  EXPECT_THAT(tensor.f32(), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(HostTensor::zeros(DType::F16, {}).bytes.size(), 2U);
  EXPECT_TRUE(HostTensor::zeros(DType::I64, {0, 4}).bytes.empty());
}

TEST(Tensor, HoldsFloats) {
  const std::array<float, 4> values = {1.5F, -2.0F, 0.0F, 3.25F};
  HostTensor tensor = HostTensor::from_floats({2, 2}, values);
  EXPECT_EQ(tensor.dtype, DType::F32);
  EXPECT_EQ(tensor.shape, (Shape{2, 2}));
  EXPECT_THAT(tensor.f32(), ElementsAre(1.5F, -2.0F, 0.0F, 3.25F));
  tensor.f32()[1] = 7.0F;
  EXPECT_THAT(std::as_const(tensor).f32(), ElementsAre(1.5F, 7.0F, 0.0F, 3.25F));
  EXPECT_TRUE(HostTensor::from_floats({0}, {}).f32().empty());
}

TEST(Tensor, FloatsMustFillTheShape) {
  const std::array<float, 3> values = {};
  EXPECT_EQ(thrown_by([&] {
              (void)HostTensor::from_floats({2, 2}, values);
            }).code(),
            ErrorCode::Internal);
}

TEST(Tensor, ViewsOfAnotherTypeAreErrors) {
  HostTensor floats = HostTensor::zeros(DType::F32, {2});
  HostTensor bytes = HostTensor::zeros(DType::U8, {2});
  const HostTensor longs = HostTensor::zeros(DType::I64, {2});
  EXPECT_EQ(bytes.u8().size(), 2U);
  EXPECT_EQ(longs.i64().size(), 2U);
  const Error error = thrown_by([&] { (void)bytes.f32(); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_STREQ(error.what(), "tensor holds U8, expected F32");
  EXPECT_THROW((void)floats.u8(), Error);
  EXPECT_THROW((void)floats.i64(), Error);
  EXPECT_THROW((void)std::as_const(bytes).f32(), Error);
  EXPECT_THROW((void)longs.u8(), Error);
}

TEST(Tensor, EqualityLooksAtTypeShapeAndContent) {
  const HostTensor tensor = HostTensor::zeros(DType::F32, {2, 3});
  EXPECT_EQ(tensor, HostTensor::zeros(DType::F32, {2, 3}));
  EXPECT_NE(tensor, HostTensor::zeros(DType::F32, {3, 2}));
  EXPECT_NE(tensor, HostTensor::zeros(DType::I32, {2, 3}));
  HostTensor other = tensor;
  other.f32()[5] = 1;
  EXPECT_NE(tensor, other);
}

}  // namespace
}  // namespace pollard
