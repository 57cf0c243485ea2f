// A convolution on its way back: per block of images, rows of its outputs' gradient (spread through
// the norm) and of its input are made in windows; from them the gradients of the weights that are
// left, in sums of a lane each, and the rows of the input's gradient, which leave through the gate
// of the input's view and with the sums for its norm.
#include <algorithm>
#include <optional>

#include "sparse/train_ahead.h"
#include "sparse/train_conv.h"
#include "sparse/train_site.h"

namespace pollard::sparse {
namespace {

class ConvBackward {
 public:
  ConvBackward(TrainSite& site, const BackConv& action)
      : site_(site),
        action_(action),
        layer_(site.layer(action.layer)),
        shape_(layer_.shape),
        kernels_(*site.kernels),
        rows_(site, action.x),
        x_(site.tensor(action.x.z)),
        g_(site.tensor(action.g)),
        norm_(action.norm >= 0 ? &site.norm(action.norm) : nullptr),
        out_(action.out >= 0 ? &site.tensor(action.out) : nullptr),
        x_direct_(is_direct(site, layer_, action.x)),
        g_direct_(norm_ == nullptr && layer_.g_before == 0 && layer_.g_after == 0 &&
                  layer_.g.left == 0 && layer_.g.row == g_.row() && !has_more_classes()),
        plan_(plan_rows(layer_, true)) {
    describe(site, action.passage, epilogue_);
    if (out_ != nullptr) epilogue_.stream = shape_.stride[1] == 1 && site.streams(*out_);
    for (const GradientClass& each : layer_.classes)
      tiles_.push_back(choose_tile(kernels_, each.columns, plan_.chunk));
  }

  void run(int thread, Share blocks) {
    TrainWorker& worker = site_.worker(thread);
    RowWindow x(layer_.x, worker.x.data(), plan_.x_capacity, plan_.x_total);
    RowWindow g(layer_.g, worker.g.data(), plan_.g_capacity, plan_.g_total);
    float* partials = partials_of(thread);
    std::fill_n(partials, layer_.partial_count() * site_.lanes(), 0.0F);
    std::optional<ChannelSums> sums, bias;
    if (action_.passage.norm >= 0) {
      sums.emplace(shape_.x.channels, site_.lanes(), worker.lanes,
                   site_.norm(action_.passage.norm).sums.data() +
                       std::ptrdiff_t{2} * thread * shape_.x.channels);
    }
    if (sums_bias()) {
      bias.emplace(shape_.y.channels, site_.lanes(), worker.bias_lanes,
                   layer_.bias_sums.data() + std::ptrdiff_t{2} * thread * shape_.y.channels);
    }
    RowsAhead ahead(blocks.end);
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      const int images = site_.images_in(block);
      if (sums) sums->begin_block(images);
      if (bias) bias->begin_block(images);
      run_block(block, x, g, ahead, partials, sums ? sums->at() : nullptr,
                bias ? bias->at() : nullptr);
      if (sums) sums->end_block(images, std::int64_t{shape_.x.height} * shape_.x.width);
      if (bias) bias->end_block(images, std::int64_t{shape_.y.height} * shape_.y.width);
    }
    if (sums) sums->finish();
    if (bias) bias->finish();
  }

  // Every thread's sums of a share of the weights, in the threads' order.
  void reduce(int thread) {
    const std::int64_t count = layer_.partial_count();
    const Share share = share_of(count, thread, site_.threads());
    const int lanes = site_.lanes();
    const std::int64_t next = count * lanes;
    for (std::int64_t k = share.begin; k < share.end; ++k) {
      if (!layer_.keep.empty() && layer_.keep[static_cast<std::size_t>(k)] == 0) continue;
      const float* lane = layer_.partials.data() + k * lanes;
      double sum = 0;
      for (int t = 0; t < site_.threads(); ++t, lane += next)
        for (int l = 0; l < lanes; ++l) sum += lane[l];
      const std::int64_t weight =
          layer_.dense_weights ? k : layer_.forward.source[static_cast<std::size_t>(k)];
      layer_.gradient[weight] = static_cast<float>(sum);
    }
  }

  void reduce_bias() const {
    if (layer_.bias == nullptr) return;
    for (int o = 0; o < shape_.y.channels; ++o) {
      double sum = 0;
      for (int t = 0; sums_bias() && t < site_.threads(); ++t)
        sum += layer_.bias_sums[static_cast<std::size_t>(2 * (t * shape_.y.channels + o))];
      layer_.bias_gradient[o] = static_cast<float>(sum);
    }
  }

 private:
  [[nodiscard]] bool has_more_classes() const {
    return !layer_.classes.empty() && layer_.classes.front().rows > shape_.y.height;
  }
  // Behind a bias a norm takes the mean away: the gradient is zero.
  [[nodiscard]] bool sums_bias() const { return layer_.bias != nullptr && !action_.balanced; }
  [[nodiscard]] float* partials_of(int thread) const {
    return layer_.partials.data() + thread * layer_.partial_count() * site_.lanes();
  }

  void run_block(std::int64_t block, RowWindow& x_window, RowWindow& g_window, RowsAhead& ahead,
                 float* partials, float* sums, float* bias_sums) {
    const int lanes = site_.lanes();
    const auto fill_x = [&](int row, int count, float* at) {
      rows_.make(block, row, count,
                 {at + std::int64_t{layer_.x.left} * lanes, layer_.x.channel, layer_.x.row, lanes});
    };
    const auto fill_g = [&](int row, int count, float* at) { make_g(block, row, count, at); };
    x_window.restart(-shape_.top);
    g_window.restart(-layer_.g_before);
    int all = shape_.y.height;
    if (out_ != nullptr) all = std::max(all, layer_.classes.front().rows);
    for (int row = 0; row < all; row += plan_.chunk) {
      const int end = std::min(row + plan_.chunk, all), y_end = std::min(end, shape_.y.height);
      const float* g =
          g_direct_ ? constant(g_.plane(block, row)).at
                    : g_window.reach(row - layer_.g_before, end + layer_.g_after, fill_g) +
                          layer_.g_before * layer_.g.row + std::int64_t{layer_.g.left} * lanes;
      const ConstPlane gradient{g, layer_.g.channel, layer_.g.row, lanes};
      if (y_end > row) {
        const int first = row * shape_.stride[0] - shape_.top;
        const float* x = x_direct_ ? constant(x_.plane(block, first)).at
                                   : x_window.reach(first, last_row(shape_, y_end), fill_x);
        note_passage(block, row, end, ahead);
        weight_gradient(x, gradient, y_end - row, ahead, partials);
        if (bias_sums != nullptr) {
          kernels_.moments({.channels = shape_.y.channels,
                            .rows = y_end - row,
                            .vectors = shape_.y.width,
                            .z = gradient,
                            .sums = bias_sums});
        }
      }
      if (out_ == nullptr) continue;
      const int next_x = x_direct_ ? last_row(shape_, end) : x_window.end();
      note_next(block, next_x, g_direct_ ? end : g_window.end(), ahead);
      for (std::size_t i = 0; i < layer_.classes.size(); ++i)
        input_gradient(block, layer_.classes[i], tiles_[i], row, end, gradient, ahead, sums);
    }
  }

  // What the rows of the input's gradient for rows `row` to `end` of g will pass.
  void note_passage(std::int64_t block, int row, int end, RowsAhead& ahead) const {
    ahead.clear();
    if (out_ == nullptr) return;
    const int first = row * shape_.stride[0], rows = (end - row) * shape_.stride[0];
    const Passage& passage = action_.passage;
    if (passage.gate >= 0) ahead.add(site_.tensor(passage.gate), block, first, rows);
    if (passage.norm >= 0 && passage.z != passage.gate)
      ahead.add(site_.tensor(passage.z), block, first, rows);
    if (action_.add >= 0) ahead.add(site_.tensor(action_.add), block, first, rows);
    if (!epilogue_.stream) ahead.add(*out_, block, first, rows);
  }

  // What the next rows of g and x will be made of.
  void note_next(std::int64_t block, int x_row, int g_row, RowsAhead& ahead) const {
    ahead.clear();
    ahead.add(g_, block, g_row, plan_.chunk);
    if (norm_ != nullptr) ahead.add(site_.tensor(action_.z), block, g_row, plan_.chunk);
    rows_.note_ahead(block, x_row, plan_.chunk * shape_.stride[0], ahead);
  }

  // Rows of the outputs' gradient.
  void make_g(std::int64_t block, int row, int count, float* at) const {
    const int lanes = site_.lanes();
    const Plane out{at + std::int64_t{layer_.g.left} * lanes, layer_.g.channel, layer_.g.row,
                    lanes};
    if (norm_ == nullptr) {
      kernels_.activate({.channels = shape_.y.channels,
                         .rows = count,
                         .vectors = shape_.y.width,
                         .z = constant(g_.plane(block, row)),
                         .out = out});
      return;
    }
    kernels_.norm_gradient({.channels = shape_.y.channels,
                            .rows = count,
                            .vectors = shape_.y.width,
                            .g = constant(g_.plane(block, row)),
                            .z = constant(site_.tensor(action_.z).plane(block, row)),
                            .a = norm_->a.data(),
                            .b = norm_->b.data(),
                            .mean = norm_->mean.data(),
                            .constant = norm_->constant.data(),
                            .out = out});
    if (site_.is_partial(block))
      zero_dead_lanes(at, count * layer_.g.row / lanes, lanes, site_.live);
  }

  void weight_gradient(const float* x, const ConstPlane& gradient, int rows, RowsAhead& ahead,
                       float* partials) const {
    const ConstPlane input{x, 0, shape_.stride[0] * layer_.x.row,
                           std::int64_t{shape_.stride[1]} * site_.lanes()};
    if (layer_.dense_weights) {
      kernels_.dense_weight_gradient({.offsets = layer_.forward_dense.offsets.data(),
                                      .taps = shape_.taps(),
                                      .outputs = shape_.y.channels,
                                      .rows = rows,
                                      .vectors = shape_.y.width,
                                      .input = input,
                                      .gradient = gradient,
                                      .partial = partials});
      return;
    }
    kernels_.weight_gradient({.lists = layer_.forward.lists(),
                              .rows = rows,
                              .vectors = shape_.y.width,
                              .input = input,
                              .gradient = gradient,
                              .partial = partials,
                              .ahead = ahead.spread_over(shape_.y.channels)});
  }

  // Rows row + stride * i of x, for i from `begin` to `end`, of one class.
  void input_gradient(std::int64_t block, const GradientClass& of, const Tile& tile, int begin,
                      int end, const ConstPlane& gradient, RowsAhead& ahead, float* sums) const {
    const int count = std::min(end, of.rows) - begin;
    if (count <= 0) return;
    const int row = of.row + shape_.stride[0] * begin;
    const auto classed = [&](auto plane) {
      plane.at += std::int64_t{of.column} * site_.lanes();
      plane.row *= shape_.stride[0];
      plane.vector *= shape_.stride[1];
      return plane;
    };
    GradientEpilogue epilogue = epilogue_;
    place(site_, action_.passage, block, row, epilogue);
    if (epilogue.gate.at != nullptr) epilogue.gate = classed(epilogue.gate);
    if (epilogue.z.at != nullptr) epilogue.z = classed(epilogue.z);
    if (action_.add >= 0)
      epilogue.add = classed(constant(site_.tensor(action_.add).plane(block, row)));
    epilogue.sums = sums;
    const Plane output = classed(out_->plane(block, row));
    const ConstPlane input{gradient.at, 0, gradient.row, gradient.vector};
    sum_gradients(
        kernels_, layer_, of,
        {.rows = count,
         .vectors = of.columns,
         .input = input,
         .output = output,
         .tile_rows = tile.rows,
         .tile_vectors = tile.vectors,
         .ahead = ahead.spread_over(occasions(tile, shape_.x.channels, count, of.columns))},
        epilogue);
  }

  TrainSite& site_;
  const BackConv& action_;
  TrainedLayer& layer_;
  const LayerShape& shape_;
  const Kernels& kernels_;
  ViewRows rows_;
  const TrainTensor &x_, &g_;
  const TrainedNorm* norm_;
  const TrainTensor* out_;
  bool x_direct_, g_direct_;
  RowPlan plan_;
  std::vector<Tile> tiles_;
  GradientEpilogue epilogue_;
};

}  // namespace

void run(TrainSite& site, const BackConv& action) {
  if (!site.layer(action.layer).is_conv) return back_linear(site, action);
  ConvBackward backward(site, action);
  site.pool->run([&](int thread) {
    backward.run(thread, share_of(site.blocks, thread, site.threads()));
    TrainSite::finish_streams();
    site.pool->barrier();
    backward.reduce(thread);
  });
  backward.reduce_bias();
}

}  // namespace pollard::sparse
