#include "sparse/taps.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

// Pixels beyond the end that the last output reads.
int overhang(int input, int output, int stride, int kernel, int dilation, int pad) {
  const std::int64_t last = std::int64_t{output - 1} * stride + std::int64_t{kernel - 1} * dilation;
  return static_cast<int>(
      std::clamp<std::int64_t>(last - pad - (input - 1), 0, std::numeric_limits<int>::max()));
}

}  // namespace

Halo halo_of(const Convolution& conv, const MapShape& input, int output_height, int output_width) {
  return {conv.pad_top, conv.pad_left,
          overhang(input.height, output_height, conv.stride_y, conv.kernel_height, conv.dilation_y,
                   conv.pad_top),
          overhang(input.width, output_width, conv.stride_x, conv.kernel_width, conv.dilation_x,
                   conv.pad_left)};
}

ConstPlane strided_plane(const Layout& layout, const float* buffer, int stride_y, int stride_x) {
  ConstPlane plane = layout.plane(buffer);
  plane.row *= stride_y;
  if (layout.blocked() && stride_x > 1) plane.vector = std::int64_t{stride_x} * layout.images;
  return plane;
}

TapLists SparseTaps::lists() const {
  return {first.data(), taps.data(), static_cast<int>(first.size()) - 1};
}

SparseTaps make_taps(const Convolution& conv, const Layout& input,
                     std::span<const std::uint8_t> kept) {
  return make_taps(conv, dense_offsets(conv, input), input.channel, kept);
}

SparseTaps make_taps(const Convolution& conv, std::span<const std::int32_t> offsets,
                     std::int64_t channel, std::span<const std::uint8_t> kept) {
  if (kept.size() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::Input, fmt::format("{} weights in one layer are too many for the sparse "
                                              "engine, whose indices have 32 bits",
                                              kept.size()));
  }
  SparseTaps result;
  const auto count = static_cast<std::size_t>(
      std::count_if(kept.begin(), kept.end(), [](std::uint8_t k) { return k != 0; }));
  result.taps.reserve(count);
  result.source.reserve(count);
  result.first.push_back(0);
  std::int32_t index = 0;
  for (int o = 0; o < conv.outputs; ++o) {
    const std::int64_t group = o / conv.group_outputs() * conv.group_inputs() * channel;
    for (const std::int32_t offset : offsets) {
      if (kept[static_cast<std::size_t>(index)] != 0) {
        result.taps.push_back({static_cast<std::int32_t>(offset + group), 0});
        result.source.push_back(index);
      }
      ++index;
    }
    result.first.push_back(static_cast<std::int32_t>(result.taps.size()));
  }
  return result;
}

void gather_weights(SparseTaps& taps, std::span<const float> weights, const float* scale) {
  for (std::size_t o = 0; o + 1 < taps.first.size(); ++o) {
    const float factor = scale != nullptr ? scale[o] : 1.0F;
    for (std::int32_t i = taps.first[o]; i < taps.first[o + 1]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      taps.taps[k].weight = factor * weights[static_cast<std::size_t>(taps.source[k])];
    }
  }
}

std::vector<std::int32_t> dense_offsets(const Convolution& conv, const Layout& input) {
  std::vector<std::int32_t> offsets;
  offsets.reserve(static_cast<std::size_t>(conv.taps()));
  for (int c = 0; c < conv.group_inputs(); ++c) {
    for (int y = 0; y < conv.kernel_height; ++y) {
      for (int x = 0; x < conv.kernel_width; ++x) {
        const std::int64_t place =
            input.at(c, y * conv.dilation_y - conv.pad_top, x * conv.dilation_x - conv.pad_left);
        offsets.push_back(static_cast<std::int32_t>(place - input.origin));
      }
    }
  }
  return offsets;
}

std::int64_t packed_size(const Convolution& conv) {
  return std::int64_t{(conv.group_outputs() + 3) / 4} * 4 * conv.taps();
}

void pack_dense(const Convolution& conv, std::span<const float> weights, const float* scale,
                std::span<float> packed) {
  std::fill(packed.begin(), packed.end(), 0.0F);
  const std::int64_t taps = conv.taps();
  for (int o = 0; o < conv.outputs; ++o) {
    const int group = o / conv.group_outputs(), within = o % conv.group_outputs();
    float* to = packed.data() + group * packed_size(conv) + within / 4 * 4 * taps + within % 4;
    const float* from = weights.data() + o * taps;
    const float factor = scale != nullptr ? scale[o] : 1.0F;
    for (std::int64_t k = 0; k < taps; ++k) to[4 * k] = factor * from[k];
  }
}

}  // namespace pollard::sparse
