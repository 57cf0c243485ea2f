// Tensors of ONNX files: of each type, in each place, sparse, and in files beside the model.
#include "graph/onnx/tensors.h"

#include <gmock/gmock.h>

#include <fstream>

#include "graph/onnx/models.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using onnx::TensorProto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorProto tensor_of(int type, const Sizes& sizes) {
  TensorProto tensor;
  tensor.set_name("t");
  tensor.set_data_type(type);
  for (const std::int64_t size : sizes) tensor.add_dims(size);
  return tensor;
}

HostTensor read(const TensorProto& tensor) { return TensorReader(std::nullopt, 100).read(tensor); }

std::vector<float> floats_of(const TensorProto& tensor) {
  const HostTensor made = read(tensor);
  return {made.f32().begin(), made.f32().end()};
}

Sizes wholes_of(const TensorProto& tensor) {
  const HostTensor made = read(tensor);
  return {made.i64().begin(), made.i64().end()};
}

TEST(OnnxTensor, ReadsFloatsOfEveryWidth) {
  TensorProto raw = tensor_of(TensorProto::FLOAT, {2});
  raw.set_raw_data(std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8));
  EXPECT_THAT(floats_of(raw), ElementsAre(1, -2));
  TensorProto field = tensor_of(TensorProto::FLOAT, {1, 2});
  field.add_float_data(1.5F);
  field.add_float_data(2.5F);
  EXPECT_THAT(floats_of(field), ElementsAre(1.5F, 2.5F));
  EXPECT_EQ(read(field).shape, (Shape{1, 2}));
  TensorProto wide = tensor_of(TensorProto::DOUBLE, {1});
  wide.add_double_data(0.1);
  EXPECT_THAT(floats_of(wide), ElementsAre(0.1F));
  wide.clear_double_data();
  wide.set_raw_data(std::string("\x00\x00\x00\x00\x00\x00\xf8\x3f", 8));
  EXPECT_THAT(floats_of(wide), ElementsAre(1.5F));
  TensorProto half = tensor_of(TensorProto::FLOAT16, {2});
  half.set_raw_data(std::string("\x00\x3c\x00\xc1", 4));  // 1, -2.5
  EXPECT_THAT(floats_of(half), ElementsAre(1, -2.5F));
  half.clear_raw_data();
  half.add_int32_data(0x3c00);
  half.add_int32_data(0x0001);
  EXPECT_THAT(floats_of(half), ElementsAre(1, 0x1p-24F));
  TensorProto brain = tensor_of(TensorProto::BFLOAT16, {1});
  brain.add_int32_data(0x4040);
  EXPECT_THAT(floats_of(brain), ElementsAre(3));
}

TEST(OnnxTensor, ReadsWholeNumbersOfEveryWidth) {
  TensorProto wide = tensor_of(TensorProto::INT64, {2});
  wide.add_int64_data(-1);
  wide.add_int64_data(INT64_MAX);
  EXPECT_THAT(wholes_of(wide), ElementsAre(-1, INT64_MAX));
  TensorProto raw = tensor_of(TensorProto::INT32, {2});
  raw.set_raw_data(std::string("\xff\xff\xff\xff\x02\x00\x00\x00", 8));
  EXPECT_THAT(wholes_of(raw), ElementsAre(-1, 2));
  TensorProto byte = tensor_of(TensorProto::INT8, {2});
  byte.set_raw_data("\x80\x7f");
  EXPECT_THAT(wholes_of(byte), ElementsAre(-128, 127));
  byte.set_data_type(TensorProto::UINT8);
  EXPECT_THAT(wholes_of(byte), ElementsAre(128, 127));
  TensorProto flag = tensor_of(TensorProto::BOOL, {1});
  flag.add_int32_data(1);
  EXPECT_THAT(wholes_of(flag), ElementsAre(1));
}

TEST(OnnxTensor, RefusesSizesThatDoNotFit) {
  TensorProto few = tensor_of(TensorProto::FLOAT, {2, 3});
  few.set_raw_data("1234");
  EXPECT_STREQ(thrown_by([&] { (void)read(few); }).what(),
               "tensor 't' holds 4 bytes, its shape [2, 3] needs 24");
  few.clear_raw_data();
  few.add_float_data(1);
  EXPECT_STREQ(thrown_by([&] { (void)read(few); }).what(),
               "tensor 't' holds 1 elements, its shape [2, 3] needs 6");
  for (const Sizes& sizes : {Sizes{-1}, {INT64_MAX, 2}, {INT64_MAX}, {1, 1, 1, 1, 1, 1, 1, 1, 1}}) {
    EXPECT_THAT(thrown_by([&] { (void)read(tensor_of(TensorProto::FLOAT, sizes)); }).what(),
                HasSubstr("tensor 't' has "));
  }
  EXPECT_THAT(thrown_by([&] { (void)read(tensor_of(TensorProto::STRING, {1})); }).what(),
              HasSubstr("is of type STRING"));
  EXPECT_THAT(thrown_by([&] { (void)read(tensor_of(99, {1})); }).what(), HasSubstr("type 99"));
}

onnx::SparseTensorProto sparse_of(const Sizes& sizes, const Floats& values, const Sizes& indices,
                                  const Sizes& index_sizes) {
  onnx::SparseTensorProto sparse;
  *sparse.mutable_values() =
      tensor_of(TensorProto::FLOAT, {static_cast<std::int64_t>(values.size())});
  for (const float value : values) sparse.mutable_values()->add_float_data(value);
  *sparse.mutable_indices() = tensor_of(TensorProto::INT64, index_sizes);
  for (const std::int64_t index : indices) sparse.mutable_indices()->add_int64_data(index);
  for (const std::int64_t size : sizes) sparse.add_dims(size);
  return sparse;
}

TEST(OnnxSparseTensor, IsReadFromFlatIndicesAndFromRows) {
  for (const auto& sparse :
       {sparse_of({2, 3}, {7, 8}, {1, 5}, {2}), sparse_of({2, 3}, {7, 8}, {0, 1, 1, 2}, {2, 2})}) {
    const HostTensor made = TensorReader(std::nullopt, 100).read(sparse);
    EXPECT_EQ(made.shape, (Shape{2, 3}));
    EXPECT_THAT(made.f32(), ElementsAre(0, 7, 0, 0, 0, 8));
  }
}

TEST(OnnxSparseTensor, RefusesIndicesThatDoNotFit) {
  const auto refusal = [](const onnx::SparseTensorProto& sparse) {
    return std::string(
        thrown_by([&] { (void)TensorReader(std::nullopt, 100).read(sparse); }).what());
  };
  EXPECT_THAT(refusal(sparse_of({2, 3}, {7, 8}, {1, 6}, {2})), HasSubstr("do not rise"));
  EXPECT_THAT(refusal(sparse_of({2, 3}, {7, 8}, {1, 1}, {2})), HasSubstr("do not rise"));
  EXPECT_THAT(refusal(sparse_of({2, 3}, {7, 8}, {-1, 1}, {2})), HasSubstr("do not rise"));
  EXPECT_THAT(refusal(sparse_of({2, 3}, {7, 8}, {0, 1, 2, 0}, {2, 2})), HasSubstr("outside"));
  EXPECT_THAT(refusal(sparse_of({2, 3}, {7, 8}, {0}, {1})), HasSubstr("2 values and indices [1]"));
  // 100 bytes of a file may become some 64 MiB.
  EXPECT_THAT(refusal(sparse_of({1 << 20, 1 << 10}, {7}, {0}, {1})), HasSubstr("many times"));
}

// ---- data beside the model ----------------------------------------------------------------------

class OnnxExternalData : public ::testing::Test {
 protected:
  OnnxExternalData() {
    fs::create_directory(folder_ / "model");
    std::ofstream(folder_ / "model/data.bin", std::ios::binary)
        << std::string("....\x00\x00\x80\x3f\x00\x00\x00\xc0", 12);
    std::ofstream(folder_ / "secret.bin", std::ios::binary) << "12345678";
  }

  TensorProto tensor(const std::string& location, const std::string& offset = "4",
                     const std::string& length = "8") {
    TensorProto made = tensor_of(TensorProto::FLOAT, {2});
    made.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair("location", location), std::pair("offset", offset),
                                     std::pair("length", length)}) {
      if (value.empty()) continue;
      auto& entry = *made.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    return made;
  }
  HostTensor read(const TensorProto& tensor) {
    return TensorReader(folder_ / "model", 100).read(tensor);
  }
  std::string refusal(const TensorProto& tensor) {
    return thrown_by([&] { (void)read(tensor); }).what();
  }

  TemporaryFolder folder_;
};

TEST_F(OnnxExternalData, IsReadFromTheModelsFolder) {
  EXPECT_THAT(read(tensor("data.bin")).f32(), ElementsAre(1, -2));
  EXPECT_THAT(read(tensor("./data.bin", "4", "")).f32(), ElementsAre(1, -2));
}

TEST_F(OnnxExternalData, IsRefusedElsewhere) {
  fs::create_symlink(folder_ / "secret.bin", folder_ / "model/link.bin");
  for (const std::string& location :
       {std::string("../secret.bin"), (folder_ / "secret.bin").string(),
        std::string("a/../../secret.bin"), std::string("link.bin"), std::string("data.bin\0", 9),
        std::string()}) {
    SCOPED_TRACE(location);
    EXPECT_THAT(refusal(tensor(location, "0")), HasSubstr("outside the model's folder"));
  }
  EXPECT_THAT(refusal(tensor("none.bin")), HasSubstr("'none.bin', which is no file"));
  EXPECT_THAT(refusal(tensor(".")), HasSubstr("which is no file"));
  const Error memory =
      thrown_by([&] { (void)TensorReader(std::nullopt, 100).read(tensor("data.bin")); });
  EXPECT_THAT(memory.what(), HasSubstr("in another file"));
}

TEST_F(OnnxExternalData, IsRefusedWhereItDoesNotFit) {
  EXPECT_THAT(refusal(tensor("data.bin", "5")),
              HasSubstr("the bytes 5 to 13 of 'data.bin', which has 12"));
  EXPECT_THAT(refusal(tensor("data.bin", "18446744073709551615")), HasSubstr("which has 12"));
  EXPECT_THAT(refusal(tensor("data.bin", "-4")), HasSubstr("offset '-4'"));
  EXPECT_THAT(refusal(tensor("data.bin", "4", "4")), HasSubstr("has 4 bytes of external data"));
  EXPECT_THAT(refusal(tensor("data.bin", "4", "0x8")), HasSubstr("length '0x8'"));
}

}  // namespace
}  // namespace pollard::test
