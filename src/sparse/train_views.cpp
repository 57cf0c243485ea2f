// Passes that belong to no convolution: the images, views that are kept before anybody reads them,
// and gradients that no convolution takes through a clip.
#include <algorithm>

#include "sparse/train_ahead.h"
#include "sparse/train_site.h"

namespace pollard::sparse {

void load_images(TrainSite& site, std::span<const float> images, const TrainTensor& input) {
  const MapShape& extent = input.extent;
  const int lanes = site.lanes();
  site.share([&](int, Share blocks) {
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      const Plane to = input.plane(block);
      if (site.is_partial(block)) std::fill_n(to.at, input.block_size(), 0.0F);
      for (int lane = 0; lane < site.images_in(block); ++lane) {
        const float* from = images.data() + (block * lanes + lane) * extent.size();
        for (int y = 0; y < extent.height; ++y)
          for (int x = 0; x < extent.width; ++x)
            for (int c = 0; c < extent.channels; ++c)
              to.at[y * to.row + c * to.channel + x * to.vector + lane] = *from++;
      }
    }
  });
}

ViewRows::ViewRows(const TrainSite& site, const View& view)
    : kernels_(*site.kernels),
      z_(&site.tensor(view.z)),
      residual_(view.residual >= 0 ? &site.tensor(view.residual) : nullptr) {
  job_.channels = z_->extent.channels;
  job_.vectors = z_->extent.width;
  job_.low = view.low;
  job_.high = view.high;
  if (view.norm >= 0) {
    job_.scale = site.norm(view.norm).scale.data();
    job_.shift = site.norm(view.norm).shift.data();
  }
  if (view.residual_norm >= 0) {
    job_.residual_scale = site.norm(view.residual_norm).scale.data();
    job_.residual_shift = site.norm(view.residual_norm).shift.data();
  }
}

void ViewRows::make(std::int64_t block, int row, int rows, const Plane& out,
                    const TrainTensor* copy, bool stream) const {
  ActivateJob job = job_;
  job.rows = rows;
  job.z = constant(z_->plane(block, row));
  if (residual_ != nullptr) job.residual = constant(residual_->plane(block, row));
  job.out = out;
  if (copy != nullptr) job.copy = copy->plane(block, row);
  job.stream_copy = stream;
  kernels_.activate(job);
}

void ViewRows::note_ahead(std::int64_t block, int row, int rows, RowsAhead& ahead) const {
  ahead.add(*z_, block, row, rows);
  if (residual_ != nullptr) ahead.add(*residual_, block, row, rows);
}

void run(TrainSite& site, const MakeView& action) {
  const TrainTensor& out = site.tensor(action.out);
  const ViewRows rows(site, action.view);
  site.share([&](int, Share blocks) {
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block)
      rows.make(block, 0, out.extent.height, out.plane(block));
  });
}

void describe(const TrainSite& site, const Passage& passage, GradientEpilogue& epilogue) {
  epilogue.low = passage.low;
  epilogue.high = passage.high;
  if (passage.gate_norm >= 0) {
    epilogue.scale = site.norm(passage.gate_norm).scale.data();
    epilogue.shift = site.norm(passage.gate_norm).shift.data();
  }
  if (passage.norm >= 0) epilogue.mean = site.norm(passage.norm).mean.data();
}

void place(const TrainSite& site, const Passage& passage, std::int64_t block, int row,
           GradientEpilogue& epilogue) {
  if (passage.gate >= 0) epilogue.gate = constant(site.tensor(passage.gate).plane(block, row));
  if (passage.norm >= 0) epilogue.z = constant(site.tensor(passage.z).plane(block, row));
}

void run(TrainSite& site, const Pass& action) {
  const TrainTensor &sum = site.tensor(action.sum), &out = site.tensor(action.out);
  const Passage& passage = action.passage;
  const MapShape& extent = out.extent;
  GradientEpilogue common;
  describe(site, passage, common);
  std::vector<double> unused(static_cast<std::size_t>(2 * extent.channels * site.threads()));
  double* totals = passage.norm >= 0 ? site.norm(passage.norm).sums.data() : unused.data();
  site.share([&](int thread, Share blocks) {
    ChannelSums sums(extent.channels, site.lanes(), site.worker(thread).lanes,
                     totals + std::ptrdiff_t{2} * thread * extent.channels);
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      GradientEpilogue epilogue = common;
      place(site, passage, block, 0, epilogue);
      if (action.add >= 0) epilogue.add = constant(site.tensor(action.add).plane(block));
      if (passage.norm >= 0) epilogue.sums = sums.at();
      sums.begin_block(site.images_in(block));
      site.kernels->gate({.channels = extent.channels,
                          .rows = extent.height,
                          .vectors = extent.width,
                          .sum = constant(sum.plane(block)),
                          .out = out.plane(block)},
                         epilogue);
      sums.end_block(site.images_in(block), std::int64_t{extent.height} * extent.width);
    }
    sums.finish();
  });
}

}  // namespace pollard::sparse
