#include "data/byte_source.h"

#include <gtest/gtest.h>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

Bytes sample_bytes(std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i / 3 + i));
  return bytes;
}

Bytes read_all(const std::filesystem::path& path, std::size_t count) {
  ByteSource source(path);
  Bytes out(count);
  for (std::size_t at = 0; at < count;) {  // in uneven pieces
    const std::size_t piece = std::min<std::size_t>(1 + at % 700, count - at);
    source.read(std::span(out).subspan(at, piece));
    at += piece;
  }
  source.expect_end();
  return out;
}

class ByteSourceFile : public testing::TestWithParam<bool> {
 protected:
  void write(const Bytes& bytes) { write_bytes(path(), GetParam() ? gzipped(bytes) : bytes); }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "file"; }
  TemporaryFolder folder_;
};

TEST_P(ByteSourceFile, GivesTheContentInPieces) {
  for (const std::size_t count : {0, 1, 5000}) {
    write(sample_bytes(count));
    EXPECT_EQ(read_all(path(), count), sample_bytes(count));
  }
}

TEST_P(ByteSourceFile, KnowsWhatItCannotHold) {
  write(Bytes(20000, 7));  // compresses about as well as anything can
  ByteSource source(path());
  EXPECT_GE(source.most_left(), 20000U);
  EXPECT_LT(source.most_left(), 200000U);
  Bytes half(10000);
  source.read(half);
  EXPECT_GE(source.most_left(), 10000U);
}

TEST_P(ByteSourceFile, ShortAndLongContentIsAnErrorNamingTheFile) {
  write(sample_bytes(100));
  expect_error(ErrorCode::Input, path().string() + "' is truncated: expected 1 more bytes",
               "fresh copy", [&] { read_all(path(), 101); });
  expect_error(ErrorCode::Input, path().string() + "' is longer than the 99 bytes", "fresh copy",
               [&] { read_all(path(), 99); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, ByteSourceFile, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "gzip" : "plain"; });

TEST(ByteSource, EveryTruncationOfGzipIsAnError) {
  const TemporaryFolder folder;
  const Bytes content = sample_bytes(300), whole = gzipped(content);
  for (std::size_t size = 2; size < whole.size(); ++size) {
    write_bytes(folder.path() / "file",
                {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_THROW(read_all(folder.path() / "file", content.size()), Error) << size;
  }
}

TEST(ByteSource, NoDamagedByteOfGzipChangesTheContent) {
  const TemporaryFolder folder;
  const Bytes content = sample_bytes(300), whole = gzipped(content);
  int caught = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 0x55;
    write_bytes(folder.path() / "file", damaged);
    try {
      EXPECT_EQ(read_all(folder.path() / "file", content.size()), content) << at;  // date, system
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Input);
      ++caught;
    }
  }
  EXPECT_GE(caught, static_cast<int>(whole.size()) - 8);
}

TEST(ByteSource, BytesBehindTheGzipStreamAreAnError) {
  const TemporaryFolder folder;
  Bytes bytes = gzipped(sample_bytes(50));
  bytes.insert(bytes.end(), {1, 2, 3});
  write_bytes(folder.path() / "file", bytes);
  expect_error(ErrorCode::Input, "has 3 bytes behind its end", "fresh copy",
               [&] { read_all(folder.path() / "file", 50); });
}

TEST(ByteSource, MissingFileIsAnIoError) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::Io, "nothing-here", "",
               [&] { ByteSource(folder.path() / "nothing-here"); });
}

}  // namespace
}  // namespace pollard
