#include "core/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "pollard/error.h"

namespace pollard {

Hasher::Hasher() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw Error(ErrorCode::Internal, "out of memory for a hash state");
  XXH3_128bits_reset(state_);
}

Hasher::~Hasher() { XXH3_freeState(state_); }

Hasher& Hasher::add(std::span<const std::byte> bytes) {
  const std::uint64_t length = bytes.size();
  XXH3_128bits_update(state_, &length, sizeof length);
  XXH3_128bits_update(state_, bytes.data(), bytes.size());
  return *this;
}

Hasher& Hasher::add(std::string_view text) {
  return add(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Hasher::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

std::string content_hash(std::string_view text) { return Hasher().add(text).hex(); }

std::uint64_t hash64(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace pollard
