#include "pollard/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace pollard {
namespace {

// Mixes 64 bits (the finaliser of SplitMix64), so that neighbouring seeds get unrelated keys.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint32_t low32(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high32(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c,
                                        std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {high32(p1) ^ c[1] ^ k[0], low32(p1), high32(p0) ^ c[3] ^ k[1], low32(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch,
                           std::uint64_t index) {
  const std::uint64_t key = mix(mix(seed) ^ static_cast<std::uint64_t>(purpose));
  key_ = {low32(key), high32(key)};
  counter_ = {0, low32(index), high32(index), epoch};
}

std::uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

float RandomStream::uniform() { return static_cast<float>(next_u32() >> 8) * 0x1p-24F; }

std::uint32_t RandomStream::below(std::uint32_t bound) {
  // Lemire's method: the high half of a product, rejecting the few draws that would bias it.
  std::uint64_t product = std::uint64_t{next_u32()} * bound;
  if (low32(product) < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;
    while (low32(product) < threshold) product = std::uint64_t{next_u32()} * bound;
  }
  return high32(product);
}

float RandomStream::normal() {
  const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
  return radius * std::cos(2.0F * std::numbers::pi_v<float> * uniform());
}

std::vector<std::uint32_t> permutation(std::uint32_t count, std::uint64_t seed, Purpose purpose,
                                       std::uint32_t epoch) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  RandomStream stream(seed, purpose, epoch, 0);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
  return order;
}

}  // namespace pollard
