// A vector of floats as wide as the instruction set this file is compiled for: the compilers'
// vector extensions, so that the same source makes AVX-512, AVX2 and, with four lanes, SSE or NEON.
// Included by kernels.inc only; needs -ffp-contract=fast for fused multiply-adds.
#pragma once

#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace pollard::sparse {
namespace POLLARD_ISA {

constexpr int kLanes = POLLARD_LANES;
using Vec = float __attribute__((vector_size(4 * kLanes)));
using UnalignedVec = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
using IntVec = std::int32_t __attribute__((vector_size(4 * kLanes)));

inline Vec load(const float* at) { return *reinterpret_cast<const UnalignedVec*>(at); }
inline void store(float* at, Vec v) { *reinterpret_cast<UnalignedVec*>(at) = v; }
inline Vec broadcast(float x) { return x - Vec{}; }

#if POLLARD_LANES == 16 && defined(__AVX512F__)
inline Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline void stream(float* at, Vec v) { _mm512_stream_ps(at, v); }
#elif POLLARD_LANES == 8 && defined(__AVX__)
inline Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline void stream(float* at, Vec v) { _mm256_stream_ps(at, v); }
#else
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec min(Vec a, Vec b) { return a < b ? a : b; }
inline void stream(float* at, Vec v) { store(at, v); }
#endif

/// Lets NaN through, since max and min give their second operand then: a network that has diverged
/// must not look like one whose units are dead.
inline Vec clip(Vec v, Vec low, Vec high) { return min(high, max(low, v)); }

/// True in the lanes below `count`.
inline IntVec first_lanes(int count) {
  IntVec v{};
  for (int lane = 0; lane < kLanes; ++lane) v[lane] = lane < count ? -1 : 0;
  return v;
}
inline Vec where(IntVec condition, Vec yes, Vec no) { return condition ? yes : no; }

/// Every second lane of a and then of b, from the first or from the second on.
#if POLLARD_LANES == 16
inline Vec even(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
inline Vec odd(Vec a, Vec b) {
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
#elif POLLARD_LANES == 8
inline Vec even(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
inline Vec odd(Vec a, Vec b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15); }
#else
inline Vec even(Vec a, Vec b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
inline Vec odd(Vec a, Vec b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
#endif

}  // namespace POLLARD_ISA
}  // namespace pollard::sparse
