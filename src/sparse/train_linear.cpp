// Linear layers: the channels are the features, the blocks of images the vectors of one row.
// Threads share the blocks for outputs and for the gradient of x, and the outputs for the gradients
// of weights, which so need no sums of several threads.
#include <algorithm>

#include "sparse/train_conv.h"
#include "sparse/train_site.h"

namespace pollard::sparse {
namespace {

// A tensor of features, block by block as vectors.
template <typename P>
P across(const TrainTensor& tensor, std::int64_t block) {
  return {tensor.plane(block).at, tensor.channel(), 0, tensor.block_size()};
}
ConstPlane source(const TrainTensor& tensor, std::int64_t block) {
  return across<ConstPlane>(tensor, block);
}

struct Linear {
  TrainSite& site;
  TrainedLayer& layer;

  void sum(const TrainTensor& x, const TrainTensor& out, Share blocks,
           const Epilogue& epilogue) const {
    sum_outputs(*site.kernels, layer, job(x, out, blocks), epilogue);
  }

  void input_gradient(const TrainTensor& g, const TrainTensor& out, Share blocks,
                      const GradientEpilogue& epilogue) const {
    sum_gradients(*site.kernels, layer, layer.classes.front(), job(g, out, blocks), epilogue);
  }

  // Outputs so few at a time that their sums stay close.
  void weight_gradients(const TrainTensor& x, const TrainTensor& g, int thread) const {
    const Share outputs = share_of(layer.shape.y.channels, thread, site.threads());
    const int step = linear_outputs(layer, site.lanes());
    for (std::int64_t o = outputs.begin; o < outputs.end; o += step)
      weight_gradients(x, g, o, std::min(o + step, outputs.end), site.worker(thread));
  }

  void weight_gradients(const TrainTensor& x, const TrainTensor& g, std::int64_t begin,
                        std::int64_t end, TrainWorker& worker) const {
    const int lanes = site.lanes(), count = static_cast<int>(end - begin);
    const auto blocks = static_cast<int>(site.blocks);
    ConstPlane gradient = source(g, 0);
    gradient.at += begin * gradient.channel;
    float* partials = worker.partials.data();
    if (layer.dense_weights) {
      const int taps = layer.shape.taps();
      std::fill_n(partials, std::int64_t{count} * taps * lanes, 0.0F);
      site.kernels->dense_weight_gradient({.offsets = layer.forward_dense.offsets.data(),
                                           .taps = taps,
                                           .outputs = count,
                                           .rows = 1,
                                           .vectors = blocks,
                                           .input = source(x, 0),
                                           .gradient = gradient,
                                           .partial = partials});
      const std::int64_t first = begin * taps;
      for (std::int64_t k = 0; k < std::int64_t{count} * taps; ++k) {
        if (layer.keep.empty() || layer.keep[static_cast<std::size_t>(first + k)] != 0)
          layer.gradient[first + k] = lane_sum(partials + k * lanes);
      }
      return;
    }
    const std::int32_t* first = layer.forward.first.data() + begin;
    worker.first.assign(first, first + count + 1);
    for (std::int32_t& each : worker.first) each -= *first;
    std::fill_n(partials, std::int64_t{worker.first.back()} * lanes, 0.0F);
    site.kernels->weight_gradient(
        {.lists = {worker.first.data(), layer.forward.taps.data() + *first, count},
         .rows = 1,
         .vectors = blocks,
         .input = source(x, 0),
         .gradient = gradient,
         .partial = partials});
    const std::int32_t* weight = layer.forward.source.data() + *first;
    for (std::int32_t k = 0; k < worker.first.back(); ++k)
      layer.gradient[weight[k]] = lane_sum(partials + std::int64_t{k} * lanes);
  }

  void bias_gradients(const TrainTensor& g, bool balanced) const {
    if (layer.bias == nullptr) return;
    for (int o = 0; o < layer.shape.y.channels; ++o) {
      double sum = 0;
      for (std::int64_t block = 0; !balanced && block < site.blocks; ++block) {
        const float* lane = g.plane(block).at + o * g.channel();
        for (int l = 0; l < site.lanes(); ++l) sum += lane[l];
      }
      layer.bias_gradient[o] = static_cast<float>(sum);
    }
  }

 private:
  // From one block to the next as from one pixel to the next.
  [[nodiscard]] SumJob job(const TrainTensor& from, const TrainTensor& to, Share blocks) const {
    return {.rows = 1,
            .vectors = static_cast<int>(blocks.end - blocks.begin),
            .input = source(from, blocks.begin),
            .output = across<Plane>(to, blocks.begin),
            .tile_rows = 1,
            .tile_vectors = site.kernels->max_tile};
  }
  [[nodiscard]] float lane_sum(const float* lane) const {
    double sum = 0;
    for (int l = 0; l < site.lanes(); ++l) sum += lane[l];
    return static_cast<float>(sum);
  }
};

}  // namespace

int linear_outputs(const TrainedLayer& layer, int lanes) {
  constexpr int kFloats = 16 * 1024;
  return std::max(4, kFloats / (layer.shape.taps() * lanes) / 4 * 4);
}

void run_linear(TrainSite& site, const RunConv& action) {
  const Linear linear{site, site.layer(action.layer)};
  const TrainTensor &x = site.tensor(action.x.z), &out = site.tensor(action.out);
  const int channels = out.extent.channels;
  TrainedNorm* norm =
      action.norm >= 0 && site.mode != TrainMode::Evaluate ? &site.norm(action.norm) : nullptr;
  site.share([&](int thread, Share blocks) {
    Epilogue epilogue{.bias = linear.layer.start.data()};
    const auto sum = [&](Share part) {
      if (part.begin >= part.end) return;
      if (action.add >= 0) epilogue.add = source(site.tensor(action.add), part.begin);
      linear.sum(x, out, part, epilogue);
    };
    if (norm == nullptr) return sum(blocks);
    ChannelSums sums(channels, site.lanes(), site.worker(thread).lanes,
                     norm->sums.data() + std::ptrdiff_t{2} * thread * channels);
    epilogue.sums = sums.at();
    // The last block apart, if it is not full: its dead lanes do not count.
    const bool partial = blocks.end > blocks.begin && site.is_partial(blocks.end - 1);
    const std::int64_t full = partial ? blocks.end - 1 : blocks.end;
    sum({blocks.begin, full});
    sums.end_block(site.lanes(), full - blocks.begin);
    if (partial) {
      sums.begin_block(site.live);
      sum({full, blocks.end});
      sums.end_block(site.live, 1);
    }
    sums.finish();
  });
}

void back_linear(TrainSite& site, const BackConv& action) {
  const Linear linear{site, site.layer(action.layer)};
  const TrainTensor &x = site.tensor(action.x.z), &g = site.tensor(action.g);
  const Passage& passage = action.passage;
  GradientEpilogue common;
  describe(site, passage, common);
  site.share([&](int thread, Share blocks) {
    linear.weight_gradients(x, g, thread);
    if (action.out < 0) return;
    const int channels = x.extent.channels;
    std::optional<ChannelSums> sums;
    GradientEpilogue epilogue = common;
    if (passage.norm >= 0) {
      sums.emplace(channels, site.lanes(), site.worker(thread).lanes,
                   site.norm(passage.norm).sums.data() + std::ptrdiff_t{2} * thread * channels);
      epilogue.sums = sums->at();
      epilogue.z = source(site.tensor(passage.z), blocks.begin);
    }
    if (passage.gate >= 0) epilogue.gate = source(site.tensor(passage.gate), blocks.begin);
    if (action.add >= 0) epilogue.add = source(site.tensor(action.add), blocks.begin);
    if (blocks.end > blocks.begin)
      linear.input_gradient(g, site.tensor(action.out), blocks, epilogue);
    if (sums) sums->finish();
  });
  linear.bias_gradients(g, action.balanced);
}

}  // namespace pollard::sparse
