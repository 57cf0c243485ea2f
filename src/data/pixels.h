// The inner loops of augmentation and resizing, compiled for several instruction sets and picked at
// start. All versions give the same bits: integers, and a product and a sum rounded apart.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pollard {

/// out[r][i] = in[r][i] * scale[i] + shift[i] for `rows` rows of `length`; out is dense.
void normalize_rows(float* out, const std::uint8_t* in, std::ptrdiff_t in_stride, std::int64_t rows,
                    std::int64_t length, const float* scale, const float* shift);

/// A straight walk over an image in 16.16 fixed point.
struct FixedWalk {
  std::int32_t x = 0, y = 0;            // where it begins
  std::int32_t step_x = 0, step_y = 0;  // from one pixel to the next
};

/// out[i] = where the pixel of step i begins: floor(y) * stride + floor(x) * channels.
void walk_offsets(std::int32_t* out, std::int32_t count, FixedWalk walk, std::int32_t stride,
                  std::int32_t channels);

/// out[i] = sum over r of weights[r] * in[r * in_stride + i], for `length` elements.
void mix_rows(float* out, const std::uint8_t* in, std::ptrdiff_t in_stride, const float* weights,
              std::int64_t rows, std::int64_t length);

/// One pixel of three bytes, rounded: the sum over p of weights[p] * in[4 * p + channel].
void mix_pixels(std::uint8_t* out, const float* in, const float* weights, std::int64_t pixels);

}  // namespace pollard
