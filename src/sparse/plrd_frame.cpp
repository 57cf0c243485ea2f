#include "sparse/plrd_frame.h"

// Compiled in, so that the runtime needs no library for it.
#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "graph/byte_cursor.h"
#include "sparse/encoding.h"

namespace pollard::sparse::plrd {
namespace {

std::array<std::byte, kChecksumBytes> checksum(std::span<const std::byte> bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  std::array<std::byte, kChecksumBytes> sum{};
  static_assert(sizeof canonical == sum.size());
  std::memcpy(sum.data(), &canonical, sum.size());
  return sum;
}

}  // namespace

std::vector<std::byte> open_frame() {
  std::vector<std::byte> bytes;
  append(bytes, std::as_bytes(std::span(kMagic)));
  write_fixed(bytes, kVersion);
  bytes.resize(kHeaderBytes);
  return bytes;
}

void close_frame(std::vector<std::byte>& bytes) {
  const std::uint64_t size = bytes.size() + kChecksumBytes;
  std::memcpy(bytes.data() + kHeaderBytes - sizeof size, &size, sizeof size);
  append(bytes, checksum(bytes));
}

std::span<const std::byte> check_frame(std::span<const std::byte> bytes, std::string_view origin) {
  ByteCursor cursor(bytes, origin, kDamaged);
  if (bytes.size() < kHeaderBytes || cursor.text(kMagic.size()) != kMagic) {
    refuse(origin, "not a .plrd file", kDamaged);
  }
  const std::uint32_t version = cursor.u32();
  if (version > kVersion) {
    refuse(
        origin,
        fmt::format("written by a newer Pollard: version {} of the format, this one reads up to {}",
                    version, kVersion),
        "update Pollard");
  }
  if (version == 0 || cursor.u32() != 0) refuse(origin, "the header is malformed", kDamaged);
  const std::uint64_t size = cursor.u64();
  if (size != bytes.size() || size < kHeaderBytes + kChecksumBytes) {
    refuse(origin, fmt::format("the file has {} bytes and says it has {}", bytes.size(), size),
           "it was not copied whole, or is damaged");
  }
  const auto content = bytes.first(bytes.size() - kChecksumBytes);
  if (!std::ranges::equal(bytes.last(kChecksumBytes), checksum(content))) {
    refuse(origin, "the checksum does not fit the content", "the file is damaged: copy it again");
  }
  return content.subspan(kHeaderBytes);
}

}  // namespace pollard::sparse::plrd
