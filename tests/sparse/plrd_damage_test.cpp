// Damaged and hostile files: each is refused by an Error{Input} that names it, or is a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "pollard/error.h"
#include "pollard/networks.h"
#include "sparse/plrd.h"
#include "sparse/plrd_frame.h"
#include "sparse/plrd_layout.h"
#include "sparse/plrd_networks.h"
#include "support/thrown.h"

namespace pollard::sparse {
namespace {

using Bytes = std::vector<std::byte>;

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

Bytes content_of(const Bytes& file) {
  const auto content = plrd::check_frame(file, "file");
  return {content.begin(), content.end()};
}

/// With a header and a checksum that fit, so that the content itself is read.
Bytes framed(const Bytes& content) {
  Bytes bytes = plrd::open_frame();
  for (const std::byte byte : content) bytes.push_back(byte);
  plrd::close_frame(bytes);
  return bytes;
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

Bytes mutated(Bytes content, std::mt19937& random) {
  const auto below = [&random](std::size_t count) {
    return random() % std::max<std::size_t>(count, 1);
  };
  constexpr int telling[] = {0, 1, 2, 0x7F, 0x80, 0x81, 0xFF};
  for (std::size_t edits = 1 + below(3); edits > 0 && !content.empty(); --edits) {
    const std::size_t at = below(content.size());
    const auto place = content.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = std::min(1 + below(20), content.size() - at);
    const auto end = place + static_cast<std::ptrdiff_t>(length);
    switch (below(7)) {
      case 0:
        *place = std::byte(random());
        break;
      case 1:
        *place = std::byte(telling[below(std::size(telling))]);
        break;
      case 2:
        *place ^= std::byte{1} << below(8);
        break;
      case 3: {  // a number of many bytes: huge counts and sizes
        const Bytes number(1 + below(10), std::byte{0xFF});
        content.insert(place, number.begin(), number.end());
        break;
      }
      case 4:
        content.erase(place, end);
        break;
      case 5: {  // repeated: duplicates of names, nodes, tensors
        const Bytes piece(place, end);
        content.insert(content.begin() + static_cast<std::ptrdiff_t>(below(content.size())),
                       piece.begin(), piece.end());
        break;
      }
      default:
        content.resize(at);
    }
  }
  return content;
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
