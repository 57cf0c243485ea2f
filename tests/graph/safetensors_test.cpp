#include "pollard/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>

#include "pollard/random.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> file_of(std::string_view header, std::string_view data) {
  std::string text(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(text.data(), &length, 8);
  return bytes_of(text + std::string(header) + std::string(data));
}

Safetensors sample() {
  Safetensors content;
  content.metadata = {{"format", "pt"}, {"note", "a \"b\" \n \xC3\xA9"}};
  content.tensors["weight"] = HostTensor::from_floats({2, 1}, std::array{1.0F, -2.5F});
  content.tensors["mask"] = {DType::U8, {3}, {std::byte{1}, std::byte{0}, std::byte{1}}};
  content.tensors["step"] = HostTensor::zeros(DType::I64, {});
  content.tensors["none"] = HostTensor::zeros(DType::F16, {0, 4});
  return content;
}

/// The file is refused with `problem`, naming the file.
void expect_refused(const std::vector<std::byte>& file, const std::string& problem) {
  const Error error = thrown_by([&] { (void)decode_safetensors(file, "net.safetensors"); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith("net.safetensors: "));
  EXPECT_THAT(error.what(), HasSubstr(problem));
  EXPECT_FALSE(error.hint().empty());
}

void expect_refused(std::string_view header, std::string_view data, const std::string& problem) {
  SCOPED_TRACE(header);
  expect_refused(file_of(header, data), problem);
}

TEST(Safetensors, WritesTheFormatByteForByte) {
  Safetensors content;
  content.metadata = {{"format", "pt"}};
  content.tensors["b"] = {DType::U8, {3}, {std::byte{1}, std::byte{0}, std::byte{1}}};
  content.tensors["a"] = HostTensor::from_floats({1, 2}, std::array{1.0F, -2.5F});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  ASSERT_EQ(header.size(), 140U);
  const std::string data("\0\0\x80\x3f\0\0\x20\xc0\1\0\1", 11);
  EXPECT_EQ(encode_safetensors(content), file_of(header + "    ", data));
  EXPECT_EQ(encode_safetensors({}), file_of("{}      ", ""));
}

TEST(Safetensors, ComesBackAsItWas) {
  const Safetensors content = sample();
  const std::vector<std::byte> bytes = encode_safetensors(content);
  const Safetensors back = decode_safetensors(bytes, "memory");
  EXPECT_EQ(back.tensors, content.tensors);
  EXPECT_EQ(back.metadata, content.metadata);
  EXPECT_EQ(encode_safetensors(back), bytes);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0U);
}

TEST(Safetensors, EveryTypeComesBack) {
  using enum DType;
  Safetensors content;
  for (const DType dtype : {F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool}) {
    content.tensors[std::string(dtype_name(dtype))] = HostTensor::zeros(dtype, {2, 3});
  }
  EXPECT_EQ(decode_safetensors(encode_safetensors(content), "memory").tensors, content.tensors);
}

TEST(Safetensors, ReadsTensorsInAnyOrderAndLayout) {
  const Safetensors content =
      decode_safetensors(file_of(R"({ "z" : {"shape":[1], "data_offsets":[0,1], "dtype":"U8"},
                   "e" : {"dtype":"F64","shape":[0],"data_offsets":[1,1]},
                   "a" : {"dtype":"I16","shape":[],"data_offsets":[1,3]} }   )",
                                 "\x07\x01\x02"),
                         "memory");
  EXPECT_EQ(content.tensors.size(), 3U);
  EXPECT_EQ(content.tensors.at("z").u8()[0], 7);
  EXPECT_EQ(content.tensors.at("a").bytes, bytes_of("\x01\x02"));
}

TEST(Safetensors, RefusesDamagedLengths) {
  expect_refused(bytes_of(""), "too short");
  expect_refused(bytes_of("1234567"), "too short");
  expect_refused(bytes_of(std::string(8, '\xFF')), "at most 100000000");
  expect_refused(bytes_of(std::string("\x10\0\0\0\0\0\0\0{}", 10)), "only 2 follow");
  expect_refused(bytes_of(std::string(8, '\0')), "not a JSON object");
}

TEST(Safetensors, RefusesBadHeaders) {
  expect_refused("[]", "", "not a JSON object");
  expect_refused(" {}", "", "not a JSON object");
  expect_refused("{", "", "not valid JSON at byte");
  expect_refused("{} x", "", "not valid JSON at byte");
  expect_refused("{\"\xFF\":1}", "", "not valid JSON at byte");
  expect_refused(R"({"a":1e999})", "", "out of range");
  expect_refused(R"({"a":{},"a":{}})", "", "'a' appears twice");
  expect_refused(R"({"a":{"dtype":"U8","dtype":"U8"}})", "", "'dtype' appears twice");
  expect_refused(R"({"__metadata__":{"k":"1","k":"1"}})", "", "'k' appears twice");
  expect_refused(R"({"__metadata__":{"k":1}})", "", "'k' of __metadata__ is not a text");
  expect_refused(R"({"__metadata__":"k"})", "", "'__metadata__' is not an object");
  expect_refused(R"({"a":{"shape":[[1]]}})", "", "nested too deeply");
  std::string deep = "{\"a\":";
  for (int i = 0; i < 1'000'000; ++i) deep += '[';
  expect_refused(file_of(deep, ""), "nested too deeply");
}

TEST(Safetensors, RefusesBadEntries) {
  const auto refused = [](const std::string& fields, const std::string& problem) {
    expect_refused("{\"w\":" + fields + "}", std::string(8, '\0'), "tensor 'w' " + problem);
  };
  const std::string end = R"(,"data_offsets":[0,8]})";
  refused("3", "needs exactly");
  refused(R"({"dtype":"F32","shape":[2]})", "needs exactly");
  refused(R"({"dtype":"F32","shape":[2],"x":1,"data_offsets":[0,8]})", "needs exactly");
  refused(R"({"dtype":"F8","shape":[8])" + end, "has an unknown dtype, \"F8\"");
  refused(R"({"dtype":7,"shape":[8])" + end, "has an unknown dtype, 7");
  refused(R"({"dtype":"U8","shape":8)" + end, "has an impossible shape, 8");
  refused(R"({"dtype":"U8","shape":[-8])" + end, "has an impossible shape, [-8]");
  refused(R"({"dtype":"U8","shape":[8.0])" + end, "has an impossible shape, [8.0]");
  refused(R"({"dtype":"U8","shape":[9223372036854775808])" + end, "has an impossible shape");
  refused(R"({"dtype":"U8","shape":[4294967296,4294967296])" + end, "is too large");
  refused(R"({"dtype":"F64","shape":[4611686018427387904])" + end, "is too large");
  refused(R"({"dtype":"U8","shape":[7])" + end, "has 8 bytes, U8 [7] needs 7");
  refused(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,8]})", "has impossible data_offsets");
  refused(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", "has impossible data_offsets");
  refused(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})", "has impossible data_offsets");
  refused(R"({"dtype":"F32","shape":[2],"data_offsets":[1,9]})", "ends at byte 9");
  refused(R"({"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]})",
          "has impossible data_offsets");
}

TEST(Safetensors, LongValuesAreCutInMessages) {
  const std::string type(10000, 'x');
  const auto file =
      file_of(R"({"w":{"dtype":")" + type + R"(","shape":[],"data_offsets":[0,0]}})", "");
  EXPECT_LT(std::strlen(thrown_by([&] { (void)decode_safetensors(file, "f"); }).what()), 200U);
}

TEST(Safetensors, TensorsMustTileTheData) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second + "}}";
  };
  expect_refused(two("[0,4]", "[3,7]"), "1234567", "tensor 'b' overlaps");
  expect_refused(two("[0,4]", "[0,4]"), "1234", "overlaps");
  expect_refused(two("[5,9]", "[0,4]"), "123456789", "tensor 'a' leaves 1 unused bytes");
  expect_refused(two("[1,5]", "[5,9]"), "123456789", "tensor 'a' leaves 1 unused bytes");
  expect_refused(two("[0,4]", "[4,8]"), "123456789", "1 bytes follow the last tensor");
  expect_refused(two("[0,4]", "[4,8]"), "1234567", "tensor 'b' ends at byte 8");
  expect_refused("{}", "x", "1 bytes follow");
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotRead) {
  Safetensors reserved;
  reserved.tensors["__metadata__"] = HostTensor::zeros(DType::F32, {1});
  EXPECT_EQ(thrown_by([&] { (void)encode_safetensors(reserved); }).code(), ErrorCode::Input);
  Safetensors text;
  text.metadata["k"] = "\xFF";
  EXPECT_EQ(thrown_by([&] { (void)encode_safetensors(text); }).code(), ErrorCode::Input);
  Safetensors torn;
  torn.tensors["torn"] = {DType::F32, {2}, std::vector<std::byte>(7)};
  EXPECT_THAT(thrown_by([&] { (void)encode_safetensors(torn); }).what(), HasSubstr("'torn'"));
}

TEST(Safetensors, DamagedFilesAreRefusedOrRead) {
  const std::vector<std::byte> valid = encode_safetensors(sample());
  constexpr std::string_view telling = "{}[]\",:0123456789-e \\u";
  int refused = 0;
  constexpr int trials = 20000;
  for (std::uint32_t trial = 0; trial < trials; ++trial) {
    RandomStream random(2024, Purpose::Testing, 0, trial);
    std::vector<std::byte> file = valid;
    for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(file.size()));
      const std::uint32_t kind = random.below(4);
      if (kind == 0) file[at] = static_cast<std::byte>(random.below(256));
      if (kind == 1) {
        const auto pick = random.below(static_cast<std::uint32_t>(telling.size()));
        file[at] = static_cast<std::byte>(telling[pick]);
      }
      if (kind == 2) file[at] ^= static_cast<std::byte>(1U << random.below(8));
      if (kind == 3) file.resize(at + 1);
    }
    try {
      const Safetensors content = decode_safetensors(file, "fuzz");
      std::size_t held = 0;
      for (const auto& entry : content.tensors) held += entry.second.bytes.size();
      ASSERT_LE(held, file.size());
      const Safetensors again = decode_safetensors(encode_safetensors(content), "again");
      ASSERT_EQ(again.tensors, content.tensors) << "trial " << trial;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::Input) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, trials / 4);
  EXPECT_LT(refused, trials);
}

TEST(Safetensors, FilesComeBack) {
  const test::TemporaryFolder folder;
  const auto path = folder / "net.safetensors";
  write_safetensors(path, sample());
  EXPECT_EQ(read_safetensors(path).tensors, sample().tensors);
  EXPECT_EQ(thrown_by([&] { (void)read_safetensors(folder / "none"); }).code(), ErrorCode::Io);
  std::ofstream(path, std::ios::app) << "x";
  EXPECT_THAT(thrown_by([&] { (void)read_safetensors(path); }).what(), StartsWith(path.string()));
}

}  // namespace
}  // namespace pollard
