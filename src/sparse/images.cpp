#include "sparse/images.h"

#include <algorithm>

namespace pollard::sparse {
namespace {

// Floats from one pixel to the next in an image of the user's.
struct Strides {
  std::int64_t channel, row, column, image;
};

Strides strides_of(const MapShape& shape, ImageOrder order) {
  const std::int64_t c = shape.channels, h = shape.height, w = shape.width;
  if (order == ImageOrder::ChannelsFirst) return {h * w, w, 1, c * h * w};
  return {1, w * c, c, c * h * w};
}

// Pixels of one row of one channel of several images, side by side.
void interleave(const float* from, const Strides& strides, std::int64_t count, int width,
                const Layout& layout, float* to) {
  for (int x = 0; x < width; ++x) {
    const float* pixel = from + x * strides.column;
    for (std::int64_t i = 0; i < count; ++i) to[i] = pixel[i * strides.image];
    std::fill(to + count, to + layout.images, 0.0F);
    to += layout.images;
  }
}

}  // namespace

void load_images(const float* images, std::int64_t count, ImageOrder order, const Layout& layout,
                 float* buffer) {
  const Strides strides = strides_of(layout.shape, order);
  const int width = layout.shape.width;
  for (int y = 0; y < layout.shape.height; ++y) {
    for (int c = 0; c < layout.shape.channels; ++c) {
      const float* from = images + c * strides.channel + y * strides.row;
      if (layout.phases > 1) {
        for (int x = 0; x < width; ++x) buffer[layout.at(c, y, x)] = from[x * strides.column];
      } else if (!layout.blocked()) {
        float* to = buffer + layout.at(c, y, 0);
        for (int x = 0; x < width; ++x) to[x] = from[x * strides.column];
      } else {
        interleave(from, strides, count, width, layout, buffer + layout.at(c, y, 0));
      }
    }
  }
}

void store_images(const Layout& layout, const float* buffer, std::int64_t count, float* values) {
  const MapShape& shape = layout.shape;
  const Strides strides = strides_of(shape, ImageOrder::ChannelsFirst);
  const int step = layout.blocked() ? layout.images : 1;
  for (int c = 0; c < shape.channels; ++c) {
    for (int y = 0; y < shape.height; ++y) {
      const float* from = buffer + layout.at(c, y, 0);
      float* to = values + c * strides.channel + y * strides.row;
      for (std::int64_t i = 0; i < count; ++i)
        for (int x = 0; x < shape.width; ++x) to[i * strides.image + x] = from[x * step + i];
    }
  }
}

}  // namespace pollard::sparse
