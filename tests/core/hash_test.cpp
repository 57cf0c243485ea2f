#include "core/hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

namespace pollard {
namespace {

// XXH3's published value for the empty input (xxHash, sanity test vectors, seed 0).
TEST(Hash, KnowsThePublishedValueOfNothing) {
  EXPECT_EQ(Hasher().hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2ULL);
}

// The one-shot function over length and text laid out by hand; the class streams.
TEST(Hash, HashesTheLengthAndThenTheText) {
  const std::string laid_out("\3\0\0\0\0\0\0\0abc\2\0\0\0\0\0\0\0de", 21);
  const XXH128_hash_t expected = XXH3_128bits(laid_out.data(), laid_out.size());
  EXPECT_EQ(Hasher().add("abc").add("de").hex(),
            fmt::format("{:016x}{:016x}", expected.high64, expected.low64));
  EXPECT_EQ(content_hash("abc"), Hasher().add("abc").hex());
}

TEST(Hash, WhereTextsAreDividedMatters) {
  EXPECT_NE(Hasher().add("ab").add("c").hex(), Hasher().add("a").add("bc").hex());
  EXPECT_NE(Hasher().add("").hex(), Hasher().hex());
  EXPECT_NE(Hasher().add("").add("").hex(), Hasher().add("").hex());
}

TEST(Hash, EveryBitCounts) {
  std::string text(1000, 'x');
  const std::string before = content_hash(text);
  const std::uint64_t before64 = hash64(text);
  for (const std::size_t at : {0, 63, 240, 512, 999}) {
    text[at] = static_cast<char>(text[at] ^ 1);
    EXPECT_NE(content_hash(text), before) << at;
    EXPECT_NE(hash64(text), before64) << at;
    text[at] = static_cast<char>(text[at] ^ 1);
  }
  EXPECT_EQ(content_hash(text), before);
}

TEST(Hash, BytesAndTextAgreeAndHexCanBeAskedTwice) {
  const std::string text = "pollard";
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  Hasher hasher;
  hasher.add(bytes);
  EXPECT_EQ(hasher.hex(), content_hash(text));
  EXPECT_EQ(hasher.hex(), content_hash(text));
  EXPECT_EQ(hasher.hex().size(), 32U);
}

TEST(Hash, EmptySpansAreFine) {
  EXPECT_EQ(Hasher().add(std::span<const std::byte>()).hex(), content_hash(""));
  EXPECT_EQ(hash64(std::string_view()), hash64(""));
}

}  // namespace
}  // namespace pollard
