#include "data/byte_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::byte kGzipMagic[2] = {std::byte{0x1f}, std::byte{0x8b}};
constexpr std::uint64_t kMostExpansion = 1032;  // a deflate bit pair can stand for 258 bytes
constexpr std::size_t kMostPerStep = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int kGzipWindow = 15 + 16;

}  // namespace

ByteSource::ByteSource(std::filesystem::path path)
    : path_(std::move(path)), raw_(read_bytes(path_)) {
  gzip_ =
      raw_.size() >= 2 && std::equal(std::begin(kGzipMagic), std::end(kGzipMagic), raw_.begin());
  if (gzip_ && inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
}

ByteSource::~ByteSource() {
  if (gzip_) inflateEnd(&stream_);
}

void ByteSource::fail(const std::string& what) const {
  throw Error(ErrorCode::Input, fmt::format("'{}' {}", path_.string(), what),
              "get a fresh copy of the file");
}

std::uint64_t ByteSource::most_left() const {
  const std::uint64_t most = raw_.size() * (gzip_ ? kMostExpansion : 1);
  return most - std::min(most, delivered_);
}

void ByteSource::read(std::span<std::uint8_t> out) {
  const std::size_t got = read_some(out);
  if (got < out.size()) {
    fail(fmt::format("is truncated: expected {} more bytes after the first {}", out.size() - got,
                     delivered_));
  }
}

void ByteSource::expect_end() {
  std::uint8_t extra = 0;
  if (read_some({&extra, 1}) != 0) {
    fail(fmt::format("is longer than the {} bytes its header announces", delivered_ - 1));
  }
  if (position_ < raw_.size()) {
    fail(fmt::format("has {} bytes behind its end", raw_.size() - position_));
  }
}

std::size_t ByteSource::read_some(std::span<std::uint8_t> out) {
  const std::size_t got = gzip_ ? read_gzip(out) : read_plain(out);
  delivered_ += got;
  return got;
}

std::size_t ByteSource::read_plain(std::span<std::uint8_t> out) {
  const std::size_t got = std::min(out.size(), raw_.size() - position_);
  if (got > 0) std::memcpy(out.data(), raw_.data() + position_, got);
  position_ += got;
  return got;
}

std::size_t ByteSource::read_gzip(std::span<std::uint8_t> out) {
  std::size_t got = 0;
  while (got < out.size() && !stream_ended_) got += inflate_step(out.subspan(got));
  return got;
}

std::size_t ByteSource::inflate_step(std::span<std::uint8_t> out) {
  const std::size_t input = std::min(raw_.size() - position_, kMostPerStep);
  const std::size_t room = std::min(out.size(), kMostPerStep);
  stream_.next_in = reinterpret_cast<Bytef*>(raw_.data() + position_);
  stream_.avail_in = static_cast<uInt>(input);
  stream_.next_out = out.data();
  stream_.avail_out = static_cast<uInt>(room);
  const int result = inflate(&stream_, Z_NO_FLUSH);
  position_ += input - stream_.avail_in;
  if (result == Z_BUF_ERROR) fail("is truncated: its gzip stream breaks off");
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result != Z_OK && result != Z_STREAM_END) {
    fail(fmt::format("is damaged: {}", stream_.msg ? stream_.msg : "not a gzip stream"));
  }
  stream_ended_ = result == Z_STREAM_END;
  return room - stream_.avail_out;
}

}  // namespace pollard
