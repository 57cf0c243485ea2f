#include "sparse/train_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

// Above these densities the dense kernels win: they load less for each product, and multiply what
// is zero too.
constexpr double kDenseAbove = 0.55;
constexpr double kDenseWeightsAbove = 0.5;

LayerShape shape_of(const Graph& graph, const Node& node) {
  LayerShape shape{.x = map_shape(graph.shape(node.inputs[0])),
                   .y = map_shape(graph.shape(node.output))};
  const auto* conv = std::get_if<Conv>(&node.op);
  if (conv == nullptr) return shape;
  const Shape& weight = graph.shape(node.inputs[1]);
  shape.groups = static_cast<int>(conv->groups);
  for (std::size_t i = 0; i < 2; ++i) {
    shape.kernel[i] = static_cast<int>(weight[2 + i]);
    shape.stride[i] = static_cast<int>(conv->strides[i]);
    shape.dilation[i] = static_cast<int>(conv->dilations[i]);
  }
  shape.top = static_cast<int>(conv->pads[0]);
  shape.left = static_cast<int>(conv->pads[1]);
  return shape;
}

// One tap of the way back: which row (or column) of y it reads for the i-th row of its class.
struct BackTap {
  int kernel;  // ky or kx
  int offset;
};

// Those of the rows with p % stride == rest.
std::vector<BackTap> back_taps(const LayerShape& shape, int axis, int rest) {
  const int stride = shape.stride[axis], before = axis == 0 ? shape.top : shape.left;
  std::vector<BackTap> taps;
  for (int k = 0; k < shape.kernel[axis]; ++k) {
    const int distance = rest + before - k * shape.dilation[axis];
    if (distance % stride == 0) taps.push_back({k, distance / stride});
  }
  return taps;
}

// How far the taps of the way back reach to both sides of the rows (or columns) 0 to `outputs` - 1.
struct Reach {
  int before = 0, end = 0;
};
Reach reach_of(const LayerShape& shape, int axis, int inputs, int outputs) {
  Reach reach{0, outputs};
  for (int rest = 0; rest < std::min(shape.stride[axis], inputs); ++rest) {
    const int count = (inputs - rest + shape.stride[axis] - 1) / shape.stride[axis];
    for (const BackTap& tap : back_taps(shape, axis, rest)) {
      reach.before = std::max(reach.before, -tap.offset);
      reach.end = std::max(reach.end, count + tap.offset);
    }
  }
  return reach;
}

Frame x_frame(const LayerShape& shape, int lanes) {
  const int needed =
      (shape.y.width - 1) * shape.stride[1] + (shape.kernel[1] - 1) * shape.dilation[1] + 1;
  const int width = std::max(needed, shape.left + shape.x.width);
  const std::int64_t channel = std::int64_t{width} * lanes;
  return {shape.x.height, shape.left, channel, channel * shape.x.channels};
}

Frame g_frame(const LayerShape& shape, int lanes, bool wants_gradient) {
  Reach reach{0, shape.y.width};
  if (wants_gradient) reach = reach_of(shape, 1, shape.x.width, shape.y.width);
  const std::int64_t channel = std::int64_t{reach.before + reach.end} * lanes;
  return {shape.y.height, reach.before, channel, channel * shape.y.channels};
}

void add_tap(SparseTaps& to, std::int64_t offset, std::int64_t weight) {
  to.taps.push_back({static_cast<std::int32_t>(offset), 0});
  to.source.push_back(static_cast<std::int32_t>(weight));
}
void end_output(SparseTaps& of) { of.first.push_back(static_cast<std::int32_t>(of.taps.size())); }

class Builder {
 public:
  Builder(TrainedLayer& layer, std::span<const std::uint8_t> keep, int lanes)
      : layer_(layer), shape_(layer.shape), keep_(keep), lanes_(lanes) {}

  void forward() {
    const LayerShape& s = shape_;
    layer_.forward.first = {0};
    for (int o = 0; o < s.y.channels; ++o) {
      const int group = o / s.outputs();
      for (int c = 0; c < s.inputs(); ++c)
        for (int ky = 0; ky < s.kernel[0]; ++ky)
          for (int kx = 0; kx < s.kernel[1]; ++kx) {
            const std::int64_t offset = (group * s.inputs() + c) * layer_.x.channel +
                                        ky * s.dilation[0] * layer_.x.row +
                                        std::int64_t{kx} * s.dilation[1] * lanes_;
            if (o == 0) layer_.forward_dense.offsets.push_back(static_cast<std::int32_t>(offset));
            const std::int64_t number = weight(o, c, ky, kx);
            if (!layer_.dense && kept(number)) add_tap(layer_.forward, offset, number);
          }
      end_output(layer_.forward);
    }
    if (!layer_.dense) return;
    pack(layer_.forward_dense, s.y.channels, [&](int o, int k) { return o * s.taps() + k; });
  }

  void backward() {
    for (int row = 0; row < std::min(shape_.stride[0], shape_.x.height); ++row)
      for (int column = 0; column < std::min(shape_.stride[1], shape_.x.width); ++column)
        layer_.classes.push_back(gradient_class(row, column));
  }

 private:
  [[nodiscard]] std::int64_t weight(int o, int c, int ky, int kx) const {
    return ((std::int64_t{o} * shape_.inputs() + c) * shape_.kernel[0] + ky) * shape_.kernel[1] +
           kx;
  }
  [[nodiscard]] bool kept(std::int64_t weight) const {
    return keep_.empty() || keep_[static_cast<std::size_t>(weight)] != 0;
  }

  GradientClass gradient_class(int row, int column) {
    GradientClass result{.row = row, .column = column};
    result.sparse.first = {0};
    result.rows = (shape_.x.height - row + shape_.stride[0] - 1) / shape_.stride[0];
    result.columns = (shape_.x.width - column + shape_.stride[1] - 1) / shape_.stride[1];
    const std::vector<BackTap> down = back_taps(shape_, 0, row);
    const std::vector<BackTap> across = back_taps(shape_, 1, column);
    std::vector<std::int64_t> of_first;  // weights of input channel 0, in the taps' order
    for (int c = 0; c < shape_.x.channels; ++c) {
      const int group = c / shape_.inputs(), in_group = c % shape_.inputs();
      for (int o = group * shape_.outputs(); o < (group + 1) * shape_.outputs(); ++o)
        for (const BackTap& y : down)
          for (const BackTap& x : across) {
            const std::int64_t offset =
                o * layer_.g.channel + y.offset * layer_.g.row + std::int64_t{x.offset} * lanes_;
            const std::int64_t number = weight(o, in_group, y.kernel, x.kernel);
            if (c == 0) {
              result.dense.offsets.push_back(static_cast<std::int32_t>(offset));
              of_first.push_back(number);
            }
            if (!layer_.dense && kept(number)) add_tap(result.sparse, offset, number);
          }
      end_output(result.sparse);
    }
    if (layer_.dense) {
      const std::int64_t next = weight(0, 1, 0, 0);
      pack(result.dense, shape_.x.channels,
           [&](int c, int k) { return of_first[static_cast<std::size_t>(k)] + c * next; });
    }
    return result;
  }

  template <typename Number>
  void pack(DenseTable& table, int outputs, const Number& number) {
    table.outputs = outputs;
    const auto taps = static_cast<int>(table.offsets.size());
    for (int first = 0; first < outputs; first += 4)
      for (int k = 0; k < taps; ++k)
        for (int o = first; o < first + 4; ++o) {
          const std::int64_t w = o < outputs ? number(o, k) : -1;
          table.weights.push_back(w >= 0 && kept(w) ? static_cast<std::int32_t>(w) : -1);
        }
    table.packed.grow(static_cast<std::int64_t>(table.weights.size()));
  }

  TrainedLayer& layer_;
  const LayerShape& shape_;
  std::span<const std::uint8_t> keep_;
  int lanes_;
};

double density_of(std::span<const std::uint8_t> keep) {
  if (keep.empty()) return 1;
  const auto kept = std::ranges::count_if(keep, [](std::uint8_t k) { return k != 0; });
  return static_cast<double>(kept) / static_cast<double>(keep.size());
}

}  // namespace

void DenseTable::fill(const float* values) {
  float* to = packed.data();
  for (const std::int32_t weight : weights) *to++ = weight < 0 ? 0 : values[weight];
}

DenseSumJob DenseTable::job(const SumJob& job) const {
  return {.weights = packed.data(),
          .offsets = offsets.data(),
          .taps = static_cast<int>(offsets.size()),
          .outputs = outputs,
          .rows = job.rows,
          .vectors = job.vectors,
          .input = job.input,
          .output = job.output};
}

void sum_outputs(const Kernels& kernels, const TrainedLayer& layer, SumJob job,
                 const Epilogue& epilogue) {
  if (layer.dense) return kernels.dense_sum(layer.forward_dense.job(job), epilogue);
  job.lists = layer.forward.lists();
  kernels.sum(job, epilogue);
}

void sum_gradients(const Kernels& kernels, const TrainedLayer& layer, const GradientClass& of,
                   SumJob job, const GradientEpilogue& epilogue) {
  if (layer.dense) return kernels.dense_gradient(of.dense.job(job), epilogue);
  job.lists = of.sparse.lists();
  kernels.gradient(job, epilogue);
}

std::int64_t TrainedLayer::partial_count() const {
  return dense_weights ? std::int64_t{shape.y.channels} * shape.taps()
                       : static_cast<std::int64_t>(forward.taps.size());
}

void TrainedLayer::fill() {
  const std::span values(value,
                         static_cast<std::size_t>(std::int64_t{shape.y.channels} * shape.taps()));
  if (dense) {
    forward_dense.fill(value);
  } else {
    gather_weights(forward, values);
  }
  for (GradientClass& each : classes) {
    if (dense) {
      each.dense.fill(value);
    } else {
      gather_weights(each.sparse, values);
    }
  }
}

TrainedLayer make_trained_layer(const Graph& graph, const Node& node,
                                std::span<const std::uint8_t> keep, int lanes,
                                bool wants_gradient) {
  TrainedLayer layer;
  layer.shape = shape_of(graph, node);
  layer.is_conv = std::holds_alternative<Conv>(node.op);
  const double density = density_of(keep);
  layer.dense = layer.shape.groups == 1 && density > kDenseAbove;
  layer.dense_weights = layer.shape.groups == 1 && density > kDenseWeightsAbove;
  if (layer.dense_weights) layer.keep.assign(keep.begin(), keep.end());
  layer.x = x_frame(layer.shape, lanes);
  layer.g = g_frame(layer.shape, lanes, wants_gradient);
  layer.start.assign(static_cast<std::size_t>(layer.shape.y.channels), 0);
  Builder builder(layer, keep, lanes);
  builder.forward();
  if (wants_gradient) {
    const Reach reach = reach_of(layer.shape, 0, layer.shape.x.height, layer.shape.y.height);
    layer.g_before = reach.before;
    for (int rest = 0; rest < std::min(layer.shape.stride[0], layer.shape.x.height); ++rest) {
      for (const BackTap& tap : back_taps(layer.shape, 0, rest))
        layer.g_after = std::max(layer.g_after, tap.offset);
    }
    builder.backward();
  }
  return layer;
}

}  // namespace pollard::sparse
