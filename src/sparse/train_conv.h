// How a convolution goes through its rows: how many at a time, and in tiles of what shape.
#pragma once

#include "sparse/train_site.h"

namespace pollard::sparse {

/// Rows of output (or of gradient) made at a time, and the rows that the windows hold.
struct RowPlan {
  int chunk = 1;
  int x_capacity = 0, x_total = 0;
  int g_capacity = 0, g_total = 0;
};
[[nodiscard]] RowPlan plan_rows(const TrainedLayer& layer, bool backward);

struct Tile {
  int rows = 1, vectors = 1;
};
[[nodiscard]] Tile choose_tile(const Kernels& kernels, int vectors, int rows);

/// How often a sum over such tiles takes the occasion to fetch rows ahead.
[[nodiscard]] inline std::int64_t occasions(const Tile& tile, int channels, int rows, int vectors) {
  const auto tiles = [](int all, int each) { return (all + each - 1) / each; };
  return std::int64_t{channels} * tiles(rows, tile.rows) * tiles(vectors, tile.vectors);
}

/// The row of x behind the last that outputs before `end` read.
[[nodiscard]] inline int last_row(const LayerShape& shape, int end) {
  return (end - 1) * shape.stride[0] - shape.top + (shape.kernel[0] - 1) * shape.dilation[0] + 1;
}

/// Outputs of a linear layer whose weights' gradients are summed at a time.
[[nodiscard]] int linear_outputs(const TrainedLayer& layer, int lanes);

/// Whether x can be read where it is: as it is kept, and without a halo.
[[nodiscard]] bool is_direct(const TrainSite& site, const TrainedLayer& layer, const View& x);

}  // namespace pollard::sparse
