#include "train/sgd_kernel.h"

#if defined(__x86_64__) && !defined(POLLARD_SANITIZE)
#define POLLARD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define POLLARD_CLONES
#endif

namespace pollard {
namespace {

constexpr std::int64_t kParallelFrom = 1 << 16;

template <bool masked>
inline __attribute__((always_inline)) void update(const SgdNumbers& n, std::int64_t count,
                                                  float* __restrict value,
                                                  float* __restrict velocity,
                                                  const float* __restrict gradient,
                                                  const std::uint8_t* __restrict mask) {
  const float rate = n.rate, momentum = n.momentum, decay = n.decay;
  const float ahead = n.nesterov ? momentum : 1.0F, own = n.nesterov ? 1.0F : 0.0F;
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i] + decay * value[i];
    const float v = momentum * velocity[i] + g;
    const float w = value[i] - rate * (own * g + ahead * v);
    const bool keep = !masked || mask[i] != 0;
    velocity[i] = keep ? v : 0.0F;
    value[i] = keep ? w : 0.0F;
  }
}

POLLARD_CLONES void update_range(const SgdNumbers& n, std::int64_t count, float* value,
                                 float* velocity, const float* gradient, const std::uint8_t* mask) {
  if (mask != nullptr) return update<true>(n, count, value, velocity, gradient, mask);
  update<false>(n, count, value, velocity, gradient, mask);
}

}  // namespace

void sgd_update(const SgdNumbers& numbers, std::int64_t count, float* value, float* velocity,
                const float* gradient, const std::uint8_t* mask) {
  // Elementwise: the parts may fall anywhere without changing a bit.
  const std::int64_t part = kParallelFrom;
#pragma omp parallel for schedule(static) if (count > part)
  for (std::int64_t from = 0; from < count; from += part) {
    const std::int64_t length = from + part < count ? part : count - from;
    update_range(numbers, length, value + from, velocity + from, gradient + from,
                 mask == nullptr ? nullptr : mask + from);
  }
}

}  // namespace pollard
