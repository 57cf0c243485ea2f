#include "data/pixels.h"

#include <algorithm>
#include <cstring>

// The choice at start runs before the sanitizers are ready, so they get one version.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(POLLARD_SANITIZE)
#define POLLARD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define POLLARD_CLONES
#endif

namespace pollard {

POLLARD_CLONES
void normalize_rows(float* __restrict out, const std::uint8_t* __restrict in,
                    std::ptrdiff_t in_stride, std::int64_t rows, std::int64_t length,
                    const float* __restrict scale, const float* __restrict shift) {
  for (std::int64_t row = 0; row < rows; ++row, out += length, in += in_stride) {
    for (std::int64_t i = 0; i < length; ++i) {
      out[i] = static_cast<float>(in[i]) * scale[i] + shift[i];
    }
  }
}

POLLARD_CLONES
void walk_offsets(std::int32_t* __restrict out, std::int32_t count, FixedWalk walk,
                  std::int32_t stride, std::int32_t channels) {
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t x = (walk.x + i * walk.step_x) >> 16;
    const std::int32_t y = (walk.y + i * walk.step_y) >> 16;
    out[i] = y * stride + x * channels;
  }
}

POLLARD_CLONES
void mix_rows(float* __restrict out, const std::uint8_t* __restrict in, std::ptrdiff_t in_stride,
              const float* __restrict weights, std::int64_t rows, std::int64_t length) {
  for (std::int64_t i = 0; i < length; ++i) out[i] = weights[0] * static_cast<float>(in[i]);
  for (std::int64_t row = 1; row < rows; ++row) {
    in += in_stride;
    const float weight = weights[row];
    for (std::int64_t i = 0; i < length; ++i) out[i] += weight * static_cast<float>(in[i]);
  }
}

void mix_pixels(std::uint8_t* out, const float* in, const float* weights, std::int64_t pixels) {
  using Pixel = float __attribute__((vector_size(16)));
  Pixel sum{};
  for (std::int64_t p = 0; p < pixels; ++p) {
    Pixel pixel;
    std::memcpy(&pixel, in + 4 * p, sizeof(pixel));
    sum += weights[p] * pixel;
  }
  for (int c = 0; c < 3; ++c)
    out[c] = static_cast<std::uint8_t>(std::clamp(sum[c] + 0.5F, 0.0F, 255.0F));
}

}  // namespace pollard
