// A convolution on its way forward: per block of images, some rows of the input are made in a
// window (norm, residual sum and clip on the way), then the rows of the output that they suffice
// for, which leave with their sums for the norm to come.
#include <algorithm>
#include <optional>

#include "sparse/train_ahead.h"
#include "sparse/train_conv.h"
#include "sparse/train_site.h"

namespace pollard::sparse {
namespace {

// What all blocks of a thread share.
class ConvForward {
 public:
  ConvForward(TrainSite& site, const RunConv& action)
      : site_(site),
        layer_(site.layer(action.layer)),
        shape_(layer_.shape),
        rows_(site, action.x),
        x_(site.tensor(action.x.z)),
        out_(site.tensor(action.out)),
        add_(action.add >= 0 ? &site.tensor(action.add) : nullptr),
        copy_(action.copy >= 0 ? &site.tensor(action.copy) : nullptr),
        norm_(action.norm >= 0 && site.mode != TrainMode::Evaluate ? &site.norm(action.norm)
                                                                   : nullptr),
        direct_(is_direct(site, layer_, action.x) && copy_ == nullptr),
        plan_(plan_rows(layer_, false)),
        tile_(choose_tile(*site.kernels, shape_.y.width, plan_.chunk)) {
    epilogue_.bias = layer_.start.data();
    epilogue_.stream = site.streams(out_);
  }

  void run(int thread, Share blocks) {
    TrainWorker& worker = site_.worker(thread);
    RowWindow x(layer_.x, worker.x.data(), plan_.x_capacity, plan_.x_total);
    std::optional<ChannelSums> sums;
    Epilogue epilogue = epilogue_;
    if (norm_ != nullptr) {
      sums.emplace(shape_.y.channels, site_.lanes(), worker.lanes,
                   norm_->sums.data() + std::ptrdiff_t{2} * thread * shape_.y.channels);
      epilogue.sums = sums->at();
    }
    RowsAhead ahead(blocks.end);
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      if (sums) sums->begin_block(site_.images_in(block));
      run_block(block, x, ahead, epilogue);
      if (sums)
        sums->end_block(site_.images_in(block), std::int64_t{shape_.y.height} * shape_.y.width);
    }
    if (sums) sums->finish();
  }

 private:
  void run_block(std::int64_t block, RowWindow& x, RowsAhead& ahead, Epilogue& epilogue) const {
    const auto fill = [&](int row, int count, float* at) {
      rows_.make(block, row, count,
                 {at + std::int64_t{layer_.x.left} * site_.lanes(), layer_.x.channel, layer_.x.row,
                  site_.lanes()},
                 copy_, copy_ != nullptr && site_.streams(*copy_));
    };
    x.restart(-shape_.top);
    for (int row = 0; row < shape_.y.height; row += plan_.chunk) {
      const int end = std::min(row + plan_.chunk, shape_.y.height);
      const int first = row * shape_.stride[0] - shape_.top;
      const float* input = direct_ ? constant(x_.plane(block, first)).at
                                   : x.reach(first, last_row(shape_, end), fill);
      if (add_ != nullptr) epilogue.add = constant(add_->plane(block, row));
      note_ahead(block, direct_ ? last_row(shape_, end) : x.end(), end, ahead);
      sum(input, end - row, out_.plane(block, row), ahead, epilogue);
    }
    if (copy_ != nullptr && x.end() < shape_.x.height)
      (void)x.reach(x.end(), shape_.x.height, fill);
  }

  // What the next rows of the output, from `row` on, will want.
  void note_ahead(std::int64_t block, int x_row, int row, RowsAhead& ahead) const {
    const int x_rows = plan_.chunk * shape_.stride[0];
    ahead.clear();
    rows_.note_ahead(block, x_row, x_rows, ahead);
    if (add_ != nullptr) ahead.add(*add_, block, row, plan_.chunk);
    if (!epilogue_.stream) ahead.add(out_, block, row, plan_.chunk);
  }

  void sum(const float* input, int rows, const Plane& output, RowsAhead& ahead,
           const Epilogue& epilogue) const {
    const ConstPlane x{input, 0, shape_.stride[0] * layer_.x.row,
                       std::int64_t{shape_.stride[1]} * site_.lanes()};
    sum_outputs(
        *site_.kernels, layer_,
        {.rows = rows,
         .vectors = shape_.y.width,
         .input = x,
         .output = output,
         .tile_rows = tile_.rows,
         .tile_vectors = tile_.vectors,
         .ahead = ahead.spread_over(occasions(tile_, shape_.y.channels, rows, shape_.y.width))},
        epilogue);
  }

  TrainSite& site_;
  const TrainedLayer& layer_;
  const LayerShape& shape_;
  ViewRows rows_;
  const TrainTensor &x_, &out_;
  const TrainTensor *add_, *copy_;
  TrainedNorm* norm_;
  bool direct_;
  RowPlan plan_;
  Tile tile_;
  Epilogue epilogue_;
};

}  // namespace

void run(TrainSite& site, const RunConv& action) {
  prepare_start(site, site.layer(action.layer), action.norm);
  if (!site.layer(action.layer).is_conv) return run_linear(site, action);
  ConvForward forward(site, action);
  site.share([&](int thread, Share blocks) { forward.run(thread, blocks); });
}

}  // namespace pollard::sparse
