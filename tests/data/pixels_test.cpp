#include "data/pixels.h"

#include <gtest/gtest.h>

#include <vector>

namespace pollard {
namespace {

// Rounds the product, whatever the compiler would like to fuse.
float product_then_sum(float a, float b, float c) {
  const volatile float product = a * b;
  return product + c;
}

TEST(NormalizeRows, RoundsProductAndSumApartForEveryByteAndLength) {
  for (const std::int64_t length : {1, 3, 7, 16, 31, 96, 100, 256}) {
    const auto size = static_cast<std::size_t>(length);
    std::vector<float> scale(size), shift(size), out(3 * size, -1.0F);
    std::vector<std::uint8_t> in(3 * (size + 5));
    for (std::size_t i = 0; i < size; ++i) {
      scale[i] = 1.0F / (255.0F * (0.2F + 0.001F * static_cast<float>(i)));
      shift[i] = -2.4F + 0.01F * static_cast<float>(i);
    }
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i * 7);
    normalize_rows(out.data(), in.data(), length + 5, 3, length, scale.data(), shift.data());
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t i = 0; i < size; ++i) {
        const float byte = in[row * (size + 5) + i];
        ASSERT_EQ(out[row * size + i], product_then_sum(byte, scale[i], shift[i]))
            << length << " " << i;
      }
    }
  }
}

TEST(WalkOffsets, FloorsAlsoBelowZero) {
  const FixedWalk walk{-3 * 65536 + 7, 5 * 65536 + 65535, 60000, -21000};
  std::vector<std::int32_t> out(50);
  walk_offsets(out.data(), 50, walk, 48, 3);
  for (std::int64_t i = 0; i < 50; ++i) {
    const std::int64_t x = walk.x + i * walk.step_x, y = walk.y + i * walk.step_y;
    const auto floor16 = [](std::int64_t v) { return (v - ((v % 65536) + 65536) % 65536) / 65536; };
    ASSERT_EQ(out[static_cast<std::size_t>(i)], floor16(y) * 48 + floor16(x) * 3) << i;
  }
}

}  // namespace
}  // namespace pollard
