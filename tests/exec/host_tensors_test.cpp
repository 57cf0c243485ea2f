#include "exec/host_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "exec/tensors.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(HostTensors, KeepEveryTypeBitForBit) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
                                    at::kInt, at::kShort, at::kChar, at::kByte, at::kBool}) {
    const at::Tensor tensor = (at::arange(6).reshape({2, 3}) - 1).to(type);
    const HostTensor host = to_host(tensor);
    EXPECT_EQ(host.shape, (Shape{2, 3}));
    EXPECT_EQ(host.bytes.size(), 6 * byte_size(host.dtype));
    const at::Tensor back = to_torch(host);
    EXPECT_EQ(back.scalar_type(), type);
    EXPECT_TRUE(back.equal(tensor)) << c10::toString(type);
  }
}

TEST(HostTensors, KeepNanAndSignedZero) {
  const float values[] = {-0.0F, std::numeric_limits<float>::quiet_NaN(), 1e-42F};
  const HostTensor host = HostTensor::from_floats({3}, values);
  EXPECT_EQ(to_host(to_torch(host)), host);
}

TEST(HostTensors, AreRowMajorWhateverTheStrides) {
  const at::Tensor plain = at::arange(24, at::TensorOptions().dtype(at::kFloat));
  const at::Tensor image = plain.reshape({1, 2, 3, 4});
  EXPECT_EQ(to_host(test::channels_last(image)), to_host(image));
  const at::Tensor transposed = plain.slice(0, 0, 6).reshape({2, 3}).t();
  EXPECT_THAT(to_host(transposed).f32(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(to_host(transposed).shape, ElementsAre(3, 2));
}

TEST(HostTensors, TakeScalarsAndEmptyTensors) {
  const HostTensor scalar = to_host(at::full({}, 2.5F));
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_THAT(scalar.f32(), ElementsAre(2.5F));
  EXPECT_EQ(to_torch(scalar).item<float>(), 2.5F);
  const HostTensor empty = to_host(at::empty({0, 3}));
  EXPECT_TRUE(empty.bytes.empty());
  EXPECT_EQ(to_torch(empty).sizes(), (at::IntArrayRef{0, 3}));
}

TEST(HostTensors, AreCopies) {
  at::Tensor tensor = at::zeros({2});
  const HostTensor host = to_host(tensor);
  const at::Tensor back = to_torch(host);
  tensor.fill_(7);
  EXPECT_THAT(host.f32(), ElementsAre(0, 0));
  EXPECT_EQ(back.sum().item<float>(), 0);
}

TEST(CopyInto, KeepsStridesAndIdentityOfALeaf) {
  at::Tensor target = test::channels_last(at::zeros({2, 3, 2, 2}));
  target.set_requires_grad(true);
  const void* memory = target.data_ptr();
  const at::Tensor values = test::normal({2, 3, 2, 2}, 1);
  copy_into(target, to_host(values));
  EXPECT_EQ(target.data_ptr(), memory);
  EXPECT_TRUE(target.is_leaf());
  EXPECT_TRUE(target.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(target.equal(values));
}

TEST(HostTensors, NameATypeThatHasNoFileForm) {
  const at::Tensor complex = at::zeros({2}, at::TensorOptions().dtype(at::kComplexFloat));
  const Error error = test::thrown_by([&] { (void)to_host(complex); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("ComplexFloat"));
}

}  // namespace
}  // namespace pollard
