// A convolution's weights as the kernels want them: lists of taps of those that are kept, or all of
// them packed in groups of four outputs.
//
// A matrix product over a flattened map is a convolution whose kernel is as large as the map.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparse/kernels.h"
#include "sparse/layout.h"

namespace pollard::sparse {

/// Weights are [outputs][inputs / groups][kernel_height][kernel_width].
struct Convolution {
  int outputs = 0, inputs = 0;
  int kernel_height = 1, kernel_width = 1;
  int stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_left = 0;
  int dilation_y = 1, dilation_x = 1;
  int groups = 1;

  [[nodiscard]] int group_inputs() const { return inputs / groups; }
  [[nodiscard]] int group_outputs() const { return outputs / groups; }
  [[nodiscard]] std::int64_t taps() const {  // of one output
    return std::int64_t{group_inputs()} * kernel_height * kernel_width;
  }
  [[nodiscard]] std::int64_t weights() const { return outputs * taps(); }
};

/// What a convolution with an output of this size reads beyond the borders of its input.
[[nodiscard]] Halo halo_of(const Convolution& conv, const MapShape& input, int output_height,
                           int output_width);

/// The input as a convolution walks it: a step of the output in each direction. (A step of stride_x
/// pixels is one vector of `lanes` of a pixel's images to that of the pixel it leads to.)
[[nodiscard]] ConstPlane strided_plane(const Layout& layout, const float* buffer, int stride_y,
                                       int stride_x);

struct SparseTaps {
  std::vector<std::int32_t> first;   // outputs + 1
  std::vector<Tap> taps;             // by output, then input channel, row, column
  std::vector<std::int32_t> source;  // the index of each tap's weight

  [[nodiscard]] TapLists lists() const;
};

/// The taps of the weights whose byte in `kept` is not 0; their values are to be gathered. Throws
/// Error{Input} where there are more than 2^31 weights.
[[nodiscard]] SparseTaps make_taps(const Convolution& conv, const Layout& input,
                                   std::span<const std::uint8_t> kept);
/// The same from dense_offsets() and the floats between channels.
[[nodiscard]] SparseTaps make_taps(const Convolution& conv, std::span<const std::int32_t> offsets,
                                   std::int64_t channel, std::span<const std::uint8_t> kept);
/// weight * scale of its output (null: 1).
void gather_weights(SparseTaps& taps, std::span<const float> weights, const float* scale = nullptr);

/// Offsets of all taps of an output of the first group. Those of group g lie g * group_inputs()
/// channels further.
[[nodiscard]] std::vector<std::int32_t> dense_offsets(const Convolution& conv, const Layout& input);
/// Floats that pack_dense() fills for each group.
[[nodiscard]] std::int64_t packed_size(const Convolution& conv);
/// By group: [output / 4][tap][output % 4], the last four filled with zeros.
void pack_dense(const Convolution& conv, std::span<const float> weights, const float* scale,
                std::span<float> packed);

}  // namespace pollard::sparse
