#include "sparse/train_conv.h"

#include <algorithm>

namespace pollard::sparse {
namespace {

// Windows stay in half of a small second-level cache.
constexpr std::int64_t kWindow = 128 * 1024 / sizeof(float);

int rounded_up(int a, int b) { return (a + b - 1) / b; }

}  // namespace

RowPlan plan_rows(const TrainedLayer& layer, bool backward) {
  const LayerShape& shape = layer.shape;
  const int stride = shape.stride[0], reach = (shape.kernel[0] - 1) * shape.dilation[0] + 1;
  // Backward, a chunk is so many rows of g, and of each class of rows of x.
  int all = shape.y.height;
  if (backward && !layer.classes.empty()) all = std::max(all, rounded_up(shape.x.height, stride));
  const auto fitting = static_cast<int>(kWindow / layer.x.row);
  RowPlan plan;
  plan.chunk = std::clamp((fitting - reach) / stride + 1, 1, all);
  plan.chunk = rounded_up(all, rounded_up(all, plan.chunk));
  plan.x_total = std::max(last_row(shape, shape.y.height), shape.x.height) + shape.top;
  const int x_needed = (plan.chunk - 1) * stride + reach;
  plan.x_capacity = std::min(plan.x_total, std::max(2 * x_needed, fitting));
  if (!backward) return plan;
  plan.g_total = layer.g_before + all + layer.g_after;
  const int g_needed = plan.chunk + layer.g_before + layer.g_after;
  plan.g_capacity =
      std::min(plan.g_total, std::max(2 * g_needed, static_cast<int>(kWindow / layer.g.row)));
  return plan;
}

Tile choose_tile(const Kernels& kernels, int vectors, int rows) {
  const int tiles = rounded_up(vectors, kernels.max_tile);
  int width = rounded_up(vectors, tiles);
  // Whole cache lines, so that streamed stores need not wait for another tile.
  if (tiles > 1 && width % 2 != 0 && width < kernels.max_tile) ++width;
  for (const int each : {4, 2}) {
    if (rows >= each && width * each <= kernels.max_tile && width * each <= 16)
      return {each, width};
  }
  return {1, width};
}

bool is_direct(const TrainSite& site, const TrainedLayer& layer, const View& x) {
  const TrainTensor& tensor = site.tensor(x.z);
  return x.norm < 0 && x.residual < 0 && !x.clips() && layer.shape.top == 0 && layer.x.left == 0 &&
         layer.x.row == tensor.row() &&
         last_row(layer.shape, layer.shape.y.height) <= layer.shape.x.height;
}

void prepare_room(TrainSite& site) {
  int channels = 0;
  std::int64_t x = 0, g = 0, partials = 0;
  for (TrainedLayer& layer : site.layers) {
    channels = std::max({channels, layer.shape.x.channels, layer.shape.y.channels});
    layer.bias_sums.resize(static_cast<std::size_t>(2 * layer.shape.y.channels * site.threads()));
    if (!layer.is_conv) {
      partials = std::max<std::int64_t>(
          partials, std::int64_t{linear_outputs(layer, site.lanes())} * layer.shape.taps());
      continue;
    }
    const RowPlan forward = plan_rows(layer, false), backward = plan_rows(layer, true);
    x = std::max(x, layer.x.row * std::max(forward.x_capacity, backward.x_capacity));
    g = std::max(g, layer.g.row * backward.g_capacity);
    layer.partials.grow(layer.partial_count() * site.lanes() * site.threads());
  }
  for (const TrainTensor& tensor : site.tensors)
    channels = std::max(channels, tensor.extent.channels);
  for (TrainWorker& worker : site.workers) {
    worker.x.grow(x);
    worker.g.grow(g);
    worker.lanes.grow(std::int64_t{2} * channels * site.lanes());
    worker.bias_lanes.grow(std::int64_t{2} * channels * site.lanes());
    worker.partials.grow(partials * site.lanes());
  }
}

}  // namespace pollard::sparse
