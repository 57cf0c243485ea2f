// Layouts keep maps and halos apart; taps over a layout make the convolution's sums.
#include "sparse/taps.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "pollard/error.h"

namespace {

using namespace pollard::sparse;

int within(int low, int high) { return *rc::gen::inRange(low, high + 1); }

Layout any_layout(const MapShape& shape, const Halo& halo, int phases) {
  const int lanes = *rc::gen::element(4, 8, 16);
  return phases == 1 && *rc::gen::arbitrary<bool>()
             ? blocked_layout(shape, halo, lanes, lanes * within(1, 3))
             : spatial_layout(shape, halo, lanes, phases);
}

RC_GTEST_PROP(Layout, MapsAndHalosDoNotMeet, ()) {
  const MapShape shape{within(1, 5), within(1, 6), within(1, 35)};
  const Halo halo{within(0, 3), within(0, 3), within(0, 3), within(0, 3)};
  const Layout layout = any_layout(shape, halo, within(1, 3));
  std::vector<int> owners(static_cast<std::size_t>(layout.size), 0);
  const auto owner = [&](int c, int y, int x) -> int& {
    const std::int64_t at = layout.at(c, y, x);
    RC_ASSERT(at >= 0);
    RC_ASSERT(at + layout.images <= layout.size);
    return owners[static_cast<std::size_t>(at)];
  };
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x) RC_ASSERT(owner(c, y, x)++ == 0);
  if (layout.phases == 1) {  // whole vectors are written
    for (int c = 0; c < shape.channels; ++c)
      for (int y = 0; y < shape.height; ++y)
        for (int i = 0; i < layout.vectors() * layout.lanes; ++i)
          ++owners[static_cast<std::size_t>(layout.at(c, y, 0) + i)];
  }
  for (int c = 0; c < shape.channels; ++c)
    for (int y = -halo.top; y < shape.height + halo.bottom; ++y)
      for (int x = -halo.left; x < shape.width + halo.right; ++x) {
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        const bool rounded = !layout.blocked() && layout.phases == 1 && y >= 0 &&
                             y < shape.height && x >= shape.width &&
                             x < layout.vectors() * layout.lanes;
        if (!inside && !rounded) RC_ASSERT(owner(c, y, x) == 0);
      }
}

TEST(Layout, RefusesMapsBeyondItsOffsets) {
  EXPECT_THROW((void)blocked_layout({4096, 4096, 4096}, {}, 8), pollard::Error);
  EXPECT_THROW((void)spatial_layout({2000000000, 2000000000, 2000000000}, {}, 8), pollard::Error);
}

// A convolution over a map of whole numbers, so that sums are exact.
struct Layer {
  Convolution conv;
  MapShape shape;
  int height = within(1, 4), width = within(1, 4);  // of the output
  std::vector<float> pixels, weights;
  std::vector<std::uint8_t> kept;

  Layer() {
    conv.groups = within(1, 3);
    conv.inputs = conv.groups * within(1, 3);
    conv.outputs = conv.groups * within(1, 6);
    conv.kernel_height = within(1, 3), conv.kernel_width = within(1, 3);
    conv.stride_y = within(1, 3), conv.stride_x = within(1, 3);
    conv.dilation_y = within(1, 2), conv.dilation_x = within(1, 2);
    conv.pad_top = within(0, 2), conv.pad_left = within(0, 2);
    shape = {conv.inputs, within(1, 6), within(1, 20)};
    for (int i = 0; i < shape.channels * shape.height * shape.width; ++i)
      pixels.push_back(static_cast<float>(within(-9, 9)));
    const int percent = within(0, 100);
    for (std::int64_t i = 0; i < conv.weights(); ++i) {
      weights.push_back(static_cast<float>(within(-9, 9)));
      kept.push_back(within(0, 99) < percent ? 1 : 0);
      if (kept.back() == 0) weights.back() = 0;
    }
  }
  [[nodiscard]] Halo halo() const { return halo_of(conv, shape, height, width); }
  [[nodiscard]] float pixel(int c, int y, int x) const {
    if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) return 0;
    return pixels[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)];
  }
  [[nodiscard]] std::vector<float> laid_out(const Layout& layout) const {
    std::vector<float> buffer(static_cast<std::size_t>(layout.size), 0.0F);
    for (int c = 0; c < shape.channels; ++c)
      for (int y = 0; y < shape.height; ++y)
        for (int x = 0; x < shape.width; ++x)
          buffer[static_cast<std::size_t>(layout.at(c, y, x))] = pixel(c, y, x);
    return buffer;
  }
  [[nodiscard]] float sum(int o, int y, int x) const {
    float total = 0;
    auto index = static_cast<std::size_t>(o * conv.taps());
    for (int c = 0; c < conv.group_inputs(); ++c)
      for (int ky = 0; ky < conv.kernel_height; ++ky)
        for (int kx = 0; kx < conv.kernel_width; ++kx)
          total +=
              weights[index++] * pixel(o / conv.group_outputs() * conv.group_inputs() + c,
                                       y * conv.stride_y + ky * conv.dilation_y - conv.pad_top,
                                       x * conv.stride_x + kx * conv.dilation_x - conv.pad_left);
    return total;
  }
  /// What lies at an offset from the place of output pixel (y, x).
  [[nodiscard]] float read(const Layout& layout, const std::vector<float>& buffer, int y, int x,
                           std::int64_t offset) const {
    const ConstPlane plane = strided_plane(layout, buffer.data(), conv.stride_y, conv.stride_x);
    const std::int64_t step = !layout.blocked()   ? 1
                              : conv.stride_x > 1 ? plane.vector
                                                  : layout.images;
    return plane.at[y * plane.row + x * step + offset];
  }
};

RC_GTEST_PROP(Taps, MakeTheConvolution, ()) {
  const Layer layer;
  const Convolution& conv = layer.conv;
  const Layout layout = any_layout(layer.shape, layer.halo(), conv.stride_x);
  const std::vector<float> buffer = layer.laid_out(layout);
  if (layout.blocked() || layout.phases == conv.stride_x) {
    SparseTaps taps = make_taps(conv, layout, layer.kept);
    std::vector<float> scale;
    for (int o = 0; o < conv.outputs; ++o) scale.push_back(static_cast<float>(within(-2, 2)));
    gather_weights(taps, layer.weights, scale.data());
    std::vector<float> packed(static_cast<std::size_t>(conv.groups * packed_size(conv)));
    pack_dense(conv, layer.weights, scale.data(), packed);
    const std::vector<std::int32_t> offsets = dense_offsets(conv, layout);
    const TapLists lists = taps.lists();
    for (int o = 0; o < conv.outputs; ++o)
      for (int y = 0; y < layer.height; ++y)
        for (int x = 0; x < layer.width; ++x) {
          const float expected = layer.sum(o, y, x) * scale[static_cast<std::size_t>(o)];
          float sparse = 0, dense = 0;
          for (std::int32_t k = lists.first[o]; k < lists.first[o + 1]; ++k)
            sparse += lists.taps[k].weight * layer.read(layout, buffer, y, x, lists.taps[k].offset);
          const int group = o / conv.group_outputs(), within_group = o % conv.group_outputs();
          for (std::size_t k = 0; k < offsets.size(); ++k)
            dense += packed[static_cast<std::size_t>(group * packed_size(conv) +
                                                     within_group / 4 * 4 * conv.taps() +
                                                     within_group % 4) +
                            4 * k] *
                     layer.read(layout, buffer, y, x,
                                offsets[k] + group * conv.group_inputs() * layout.channel);
          RC_ASSERT(sparse == expected);
          RC_ASSERT(dense == expected);
        }
  }
}

}  // namespace
