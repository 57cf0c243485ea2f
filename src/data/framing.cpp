#include "data/framing.h"

#include <algorithm>
#include <cmath>

namespace pollard {
namespace {

constexpr int kAttempts = 10;
constexpr double kNarrowest = 3.0 / 4, kWidest = 4.0 / 3;

AxisView pixels(std::int64_t first, std::int64_t length, std::int64_t size) {
  return {static_cast<double>(first),
          static_cast<double>(length) / static_cast<double>(size),
          size,
          first,
          first + length,
          0};
}

struct Size {
  std::int64_t width, height;
};

// The largest part in the middle that is neither too narrow nor too wide.
Size fallback(std::int64_t width, std::int64_t height) {
  const double w = static_cast<double>(width), h = static_cast<double>(height);
  if (w / h < kNarrowest)
    return {width, std::clamp<std::int64_t>(std::llround(w / kNarrowest), 1, height)};
  if (w / h > kWidest)
    return {std::clamp<std::int64_t>(std::llround(h * kWidest), 1, width), height};
  return {width, height};
}

}  // namespace

View random_part(std::int64_t width, std::int64_t height, std::int64_t size, double smallest,
                 RandomStream chance) {
  const double area = static_cast<double>(width) * static_cast<double>(height);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double part = area * (smallest + (1 - smallest) * static_cast<double>(chance.uniform()));
    const double low = std::log(kNarrowest), high = std::log(kWidest);
    const double aspect = std::exp(low + (high - low) * static_cast<double>(chance.uniform()));
    const std::int64_t w = std::llround(std::sqrt(part * aspect));
    const std::int64_t h = std::llround(std::sqrt(part / aspect));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const std::int64_t y = chance.below(static_cast<std::uint32_t>(height - h + 1));
    const std::int64_t x = chance.below(static_cast<std::uint32_t>(width - w + 1));
    return {pixels(x, w, size), pixels(y, h, size)};
  }
  const Size part = fallback(width, height);
  return {pixels((width - part.width) / 2, part.width, size),
          pixels((height - part.height) / 2, part.height, size)};
}

View resized_whole(std::int64_t width, std::int64_t height, std::int64_t shorter_side) {
  const std::int64_t shorter = std::min(width, height);
  return {pixels(0, width, std::max<std::int64_t>(1, shorter_side * width / shorter)),
          pixels(0, height, std::max<std::int64_t>(1, shorter_side * height / shorter))};
}

View centered_part(std::int64_t width, std::int64_t height, std::int64_t size,
                   std::int64_t shorter_side) {
  View view = resized_whole(width, height, shorter_side);
  for (AxisView* axis : {&view.x, &view.y}) {
    // A half is rounded to the even number, as torchvision's crop does.
    axis->first = std::llrint(static_cast<double>(axis->count - size) / 2);
    axis->count = size;
  }
  return view;
}

}  // namespace pollard
