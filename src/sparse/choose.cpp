#include "sparse/choose.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/timing.h"

namespace pollard::sparse {
namespace {

// Tiles of about 8 vectors keep the multipliers busy and leave the first cache room for the input.
int rule_tile(const Kernels& kernels) { return kernels.max_tile * 4 / 7; }

int narrowed(int vectors, int most) {  // equal tiles of at most `most`
  const int tiles = (vectors + most - 1) / most;
  return (vectors + tiles - 1) / tiles;
}

Choice rule_for(const Kernels& kernels, const Walk& walk) {
  const int tile = rule_tile(kernels);
  const int vectors = narrowed(walk.vectors, tile);
  int rows = 1;
  for (const int candidate : {2, 3, 4, 6, 8}) {
    if (candidate * vectors <= tile && candidate <= walk.rows) rows = candidate;
  }
  return {true, rows, vectors};
}

// The shortest of some runs, the first of which warms the caches.
double time_of(const Kernels& kernels, const SumOp& op, float* arena) {
  constexpr double kEnough = 4e-4;  // seconds
  const Rows rows{0, op.walk.rows};
  double best = std::numeric_limits<double>::infinity(), total = 0;
  run(kernels, op, arena, rows);
  for (int i = 0; i < 3 || (i < 20 && total < kEnough); ++i) {
    const Stopwatch watch;
    run(kernels, op, arena, rows);
    const double seconds = watch.seconds();
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

// Layers of one kind and, nearly, one density.
std::vector<std::int64_t> key_of(const SumOp& op, double density) {
  const Convolution& conv = op.conv;
  return {conv.outputs,
          conv.inputs,
          conv.kernel_height,
          conv.kernel_width,
          conv.stride_y,
          conv.stride_x,
          conv.dilation_y,
          conv.dilation_x,
          conv.groups,
          op.walk.rows,
          op.walk.vectors,
          op.input.row,
          op.add.there() ? 1 : 0,
          std::lround(6 * std::log2(std::max(density, 1e-4)))};
}

}  // namespace

std::vector<Choice> tiles_for(const Kernels& kernels, const Walk& walk) {
  std::vector<Choice> tiles{rule_for(kernels, walk)};
  const auto add = [&](int rows, int vectors) {
    if (rows > walk.rows || vectors < 1 || rows * vectors > kernels.max_tile) return;
    const bool known = std::any_of(tiles.begin(), tiles.end(), [&](const Choice& tile) {
      return tile.tile_rows == rows && tile.tile_vectors == vectors;
    });
    if (!known) tiles.push_back({true, rows, vectors});
  };
  for (const int rows : {1, 2, 3, 4, 6, 8}) {
    const int widest = narrowed(walk.vectors, std::max(kernels.max_tile / rows, 1));
    const int wide = narrowed(walk.vectors, std::max(rule_tile(kernels) / rows, 1));
    for (const int vectors : {widest, wide}) {
      if (rows * vectors * 4 >= kernels.max_tile || vectors == walk.vectors) add(rows, vectors);
    }
  }
  return tiles;
}

bool Chooser::wants_dense(const SumOp& op, double density) const {
  if (path_ != Path::Auto) return path_ == Path::Dense;
  // Few outputs a group leave the dense kernel nothing to share.
  return op.conv.group_outputs() >= 4 && density >= (measure_ ? kMeasuredDensity : kDenseDensity);
}

Decision Chooser::choose(SumOp& op, double density, float* arena) {
  Decision decision{.choice = rule_for(kernels_, op.walk)};
  decision.choice.sparse = !wants_dense(op, density);
  if (!measure_ || op.point) return decision;
  const auto [known, fresh] = known_.try_emplace(key_of(op, density));
  if (fresh) known->second = measured(op, density, arena);
  return known->second;
}

Decision Chooser::measured(SumOp& op, double density, float* arena) const {
  Decision decision;
  if (path_ != Path::Dense) {
    decision.sparse_seconds = std::numeric_limits<double>::infinity();
    for (const Choice& tile : tiles_for(kernels_, op.walk)) {
      op.choice = tile;
      const double seconds = time_of(kernels_, op, arena);
      if (seconds >= decision.sparse_seconds) continue;
      decision.sparse_seconds = seconds;
      decision.choice = tile;
    }
  }
  if (wants_dense(op, density)) {
    op.choice.sparse = false;
    decision.dense_seconds = time_of(kernels_, op, arena);
    decision.choice.sparse =
        path_ == Path::Auto && decision.sparse_seconds <= decision.dense_seconds;
  }
  return decision;
}

}  // namespace pollard::sparse
