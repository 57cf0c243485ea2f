// Damaged and hostile files: each is refused by an Error{Input} that names it, or is a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "pollard/error.h"
#include "pollard/networks.h"
#include "sparse/plrd.h"
#include "sparse/plrd_layout.h"
#include "sparse/plrd_mutations.h"
#include "sparse/plrd_networks.h"
#include "support/thrown.h"

namespace pollard::sparse {
namespace {

using test::Bytes;
using test::content_of;
using test::framed;
using test::mutated;

Bytes encode(const Graph& graph, double density) {
  std::mt19937 random(7);
  return encode_plrd(graph, test::random_state(random, graph, density), {{"model", "small"}});
}

Bytes small_file() { return encode(test::every_operator(), 0.3); }

std::string refusal(const Bytes& bytes) {
  const Error error = test::thrown_by([&] { (void)decode_plrd(bytes, "net.plrd"); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_FALSE(error.hint().empty());
  return error.what();
}

TEST(PlrdDamage, IsFoundForEveryFlippedBit) {
  const Bytes good = small_file();
  Bytes bytes = good;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= std::byte{1} << bit;
      EXPECT_THAT(refusal(bytes), testing::StartsWith("net.plrd: ")) << i;
      bytes[i] = good[i];
    }
  }
}

TEST(PlrdDamage, IsFoundAtEveryLength) {
  Bytes bytes = small_file();
  bytes.push_back(std::byte{0});
  EXPECT_THAT(refusal(bytes), testing::HasSubstr(" bytes and says it has "));
  bytes.pop_back();
  while (!bytes.empty()) {
    bytes.pop_back();
    EXPECT_THAT(refusal(bytes), testing::AnyOf("net.plrd: not a .plrd file",
                                               testing::HasSubstr(" bytes and says it has ")));
  }
}

TEST(PlrdDamage, TellsNewerFilesFromDamagedOnes) {
  Bytes bytes = small_file();
  bytes[8] = std::byte{2};
  const Error error = test::thrown_by([&] { (void)decode_plrd(bytes, "net.plrd"); });
  EXPECT_STREQ(error.what(),
               "net.plrd: written by a newer Pollard: version 2 of the format, this one reads up "
               "to 1");
  EXPECT_EQ(error.hint(), "update Pollard");
  bytes[8] = std::byte{0};
  EXPECT_EQ(refusal(bytes), "net.plrd: the header is malformed");
}

TEST(PlrdDamage, LineEndsThatWereConvertedAreNoMagic) {
  Bytes bytes = small_file();
  bytes.erase(bytes.begin() + 5);
  EXPECT_EQ(refusal(bytes), "net.plrd: not a .plrd file");
}

/// Whatever was read must be a whole network within the limits.
void expect_sound(const NetworkFile& file, std::size_t file_bytes) {
  std::uint64_t bytes = 0;
  ASSERT_EQ(file.state.size(), file.graph.parameters().size());
  for (const ParameterInfo& parameter : file.graph.parameters()) {
    const HostTensor& tensor = file.state.at(parameter.name);
    EXPECT_EQ(tensor.shape, parameter.shape);
    EXPECT_EQ(tensor.f32().size(), static_cast<std::size_t>(element_count(parameter.shape)));
    bytes += tensor.bytes.size();
  }
  EXPECT_LE(bytes, plrd::most_tensor_bytes(file_bytes));
  EXPECT_GT(file.graph.classes(), 0);
}

struct Tally {
  int refused = 0, read = 0;
};

/// Refused with the file's name, or sound.
void try_content(const Bytes& content, Tally& tally) {
  const Bytes file = framed(content);
  try {
    const NetworkFile network = decode_plrd(file, "net.plrd");
    expect_sound(network, file.size());
    ++tally.read;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Input) << error.what();
    EXPECT_THAT(error.what(), testing::StartsWith("net.plrd: "));
    EXPECT_LT(std::string_view(error.what()).size(), 1500U);
    ++tally.refused;
  }
}

TEST(PlrdDamage, StructuredMutationsAreRefusedOrSound) {
  std::mt19937 random(20);
  Tally tally;
  for (const Bytes& file : {small_file(), encode(build_network("resnet8", {3, 8, 8}, 4), 0.05),
                            encode(build_network("lenet5", {1, 28, 28}, 3), 0.02)}) {
    const Bytes content = content_of(file);
    for (int i = 0; i < 3000; ++i) try_content(mutated(content, random), tally);
  }
  EXPECT_GT(tally.refused, 3000);
  EXPECT_GT(tally.read, 100);
}

// The graph of a network is a small part of its file: here every byte of it in turn.
TEST(PlrdDamage, EveryByteOfAGraphTakesTellingValues) {
  const Bytes content = content_of(small_file());
  Tally tally;
  for (std::size_t i = 0; i < content.size(); ++i) {
    for (const int value : {0, 1, 0x7F, 0x80, 0xFF}) {
      Bytes changed = content;
      changed[i] = std::byte(value);
      try_content(changed, tally);
    }
  }
  EXPECT_GT(tally.refused, 500);
}

TEST(PlrdDamage, BytesAfterTheNetworkAreRefused) {
  Bytes content = content_of(small_file());
  content.push_back(std::byte{0});
  EXPECT_THAT(refusal(framed(content)), testing::HasSubstr("1 bytes follow the network"));
}

}  // namespace
}  // namespace pollard::sparse
