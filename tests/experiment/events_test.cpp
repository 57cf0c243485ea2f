#include "experiment/events.h"

#include <gtest/gtest.h>

#include <string>

namespace pollard {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

TEST(Crc32c, OfTheUsualCheckString) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

// RFC 3720, B.4 (which prints the bytes of the checksum in the order of the wire).
TEST(Crc32c, OfTheExamplesOfIscsi) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(falling), 0x113FDB5CU);
  EXPECT_EQ(crc32c(bytes_of("01c00000000000000000000000000000"
                            "14000000000004000000001400000018"
                            "28000000000000000200000000000000")),
            0xD9963A56U);
}

// The records below are from a Python script that packs protobuf fields and TFRecord frames by hand
// (struct, and a CRC-32C bit by bit), checked against the checksums above.

TEST(EventFile, HeaderByteForByte) {
  EXPECT_EQ(hex_of(event_file_header(1700000000.5)),
            "1800000000000000"  // 24 bytes
            "a37f4b22"          // masked CRC of the length
            "090000"            // field 1, a double
            "2040fc54d941"      //   1700000000.5
            "1a0d"              // field 3, 13 bytes
            "627261696e2e4576"  //   "brain.Ev
            "656e743a32"        //   ent:2"
            "2b353110");        // masked CRC of the data
}

TEST(EventFile, ScalarByteForByte) {
  EXPECT_EQ(hex_of(scalar_event(1700000000.5, 300, "train/loss", 0.1F)),
            "2100000000000000017becf6"
            "0900002040fc54d941"  // wall time
            "10ac02"              // step 300: two bytes of varint
            "2a13"
            "0a11"                      // summary { value {
            "0a0a747261696e2f6c6f7373"  // tag "train/loss"
            "15cdcccc3d"                // simple_value 0.1F
            "2e3967e5");
  EXPECT_EQ(hex_of(scalar_event(0, 0, "lr", -2.5F)),
            "1800000000000000a37f4b22"
            "090000000000000000"
            "1000"
            "2a0b"
            "0a09"
            "0a026c72"
            "15000020c0"
            "f95c3cc2");
}

// Every length takes two bytes of varint, the step six; the value is the smallest subnormal float.
TEST(EventFile, LongTagsAndLateSteps) {
  std::string tag_hex;
  for (int i = 0; i < 130; ++i) tag_hex += "74";
  EXPECT_EQ(hex_of(scalar_event(1, std::int64_t{1} << 40, std::string(130, 't'), 1e-45F)),
            "a0000000000000002a557225"
            "09000000000000f03f"
            "10808080808020"
            "2a8d01"
            "0a8a01"
            "0a8201" +
                tag_hex +
                "1501000000"
                "5858431a");
}

}  // namespace
}  // namespace pollard
