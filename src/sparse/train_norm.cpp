// Batch norm in training, y = gamma * (z - mean) / deviation + beta over N images and pixels:
//
//   beta' = sum g      gamma' = sum g * (z - mean) / deviation
//   z' = gamma / deviation * (g - beta' / N - (z - mean) / deviation * gamma' / N)
//
// Sums are of z less a running estimate of its mean, in float within some thousand pixels and in
// double beyond: raw squares would lose what sparse networks' nearly constant channels have.
#include <algorithm>
#include <cmath>

#include "sparse/train_site.h"

namespace pollard::sparse {
namespace {

struct Sums {
  double first = 0, second = 0;
};

// Of channel c, over the threads in their order.
Sums total(const TrainedNorm& norm, int c) {
  Sums sums;
  const auto channels = static_cast<std::size_t>(norm.channels);
  for (std::size_t at = static_cast<std::size_t>(c); 2 * at < norm.sums.size(); at += channels) {
    sums.first += norm.sums[2 * at];
    sums.second += norm.sums[2 * at + 1];
  }
  return sums;
}

double values_per_channel(const TrainSite& site, const MapShape& extent) {
  return static_cast<double>(site.images) * extent.height * extent.width;
}

void apply_running(TrainedNorm& norm) {
  for (int c = 0; c < norm.channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    norm.inverse[i] = 1 / std::sqrt(static_cast<double>(norm.running_variance[c]) + norm.epsilon);
    const double scale = norm.gamma[c] * norm.inverse[i];
    norm.scale[i] = static_cast<float>(scale);
    norm.shift[i] = static_cast<float>(
        norm.beta[c] - (static_cast<double>(norm.running_mean[c]) - norm.offset[i]) * scale);
  }
}

void update(float& running, double batch, double weight) {
  running = static_cast<float>((1 - weight) * running + weight * batch);
}

// about[c]: what the sums' z was taken less.
void apply_batch(TrainedNorm& norm, double count, double weight, const std::vector<float>& about) {
  const double correction = count > 1 ? count / (count - 1) : 1;
  for (int c = 0; c < norm.channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    const Sums sums = total(norm, c);
    const double distance = sums.first / count, mean = about[i] + distance;
    double variance = sums.second / count - distance * distance;
    if (variance < 0) variance = 0;  // rounding; a NaN stays
    norm.inverse[i] = 1 / std::sqrt(variance + norm.epsilon);
    const double scale = norm.gamma[c] * norm.inverse[i];
    norm.mean[i] = static_cast<float>(mean);
    norm.scale[i] = static_cast<float>(scale);
    norm.shift[i] = static_cast<float>(norm.beta[c] - mean * scale);
    update(norm.running_mean[c], mean + norm.offset[i], weight);
    update(norm.running_variance[c], variance * correction, weight);
  }
}

// Sums of kernels that see whole tensors: job(block, sums).
template <typename Job>
void sum_blocks(TrainSite& site, TrainedNorm& norm, const MapShape& extent, const Job& job) {
  site.share([&](int thread, Share blocks) {
    ChannelSums sums(norm.channels, site.lanes(), site.worker(thread).lanes,
                     norm.sums.data() + std::ptrdiff_t{2} * thread * norm.channels);
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      sums.begin_block(site.images_in(block));
      job(block, sums.at());
      sums.end_block(site.images_in(block), std::int64_t{extent.height} * extent.width);
    }
    sums.finish();
  });
}

}  // namespace

void run(TrainSite& site, const RunNorm& action) {
  TrainedNorm& norm = site.norm(action.norm);
  if (site.mode == TrainMode::Evaluate) return apply_running(norm);
  const double count = values_per_channel(site, norm.extent);
  const double weight = site.mode == TrainMode::Observe ? site.statistics_weight : norm.momentum;
  if (action.z < 0) {
    const std::vector<float> none(static_cast<std::size_t>(norm.channels), 0);
    return apply_batch(norm, count, weight, none);
  }
  const TrainTensor& z = site.tensor(action.z);
  const std::vector<float> about(norm.running_mean, norm.running_mean + norm.channels);
  sum_blocks(site, norm, norm.extent, [&](std::int64_t block, float* sums) {
    site.kernels->moments({.channels = norm.channels,
                           .rows = z.extent.height,
                           .vectors = z.extent.width,
                           .z = constant(z.plane(block)),
                           .mean = about.data(),
                           .sums = sums});
  });
  apply_batch(norm, count, weight, about);
}

void run(TrainSite& site, const SumForNorm& action) {
  TrainedNorm& norm = site.norm(action.norm);
  const TrainTensor &z = site.tensor(action.z), &g = site.tensor(action.g);
  sum_blocks(site, norm, norm.extent, [&](std::int64_t block, float* sums) {
    // The gradient passes unchanged into its own memory.
    site.kernels->gate({.channels = norm.channels,
                        .rows = z.extent.height,
                        .vectors = z.extent.width,
                        .sum = constant(g.plane(block)),
                        .out = g.plane(block)},
                       {.z = constant(z.plane(block)), .mean = norm.mean.data(), .sums = sums});
  });
}

void run(TrainSite& site, const FinishNorm& action) {
  TrainedNorm& norm = site.norm(action.norm);
  const double count = values_per_channel(site, norm.extent);
  for (int c = 0; c < norm.channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    const Sums sums = total(norm, c);
    const double inverse = norm.inverse[i], a = norm.gamma[c] * inverse;
    norm.beta_gradient[c] = static_cast<float>(sums.first);
    norm.gamma_gradient[c] = static_cast<float>(sums.second * inverse);
    norm.a[i] = static_cast<float>(a);
    norm.b[i] = static_cast<float>(-a * inverse * inverse * sums.second / count);
    norm.constant[i] = static_cast<float>(-a * sums.first / count);
  }
}

void run(TrainSite& site, const SpreadNorm& action) {
  const TrainedNorm& norm = site.norm(action.norm);
  const TrainTensor &z = site.tensor(action.z), &g = site.tensor(action.g),
                    &out = site.tensor(action.out);
  site.share([&](int, Share blocks) {
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      NormGradientJob job{.channels = norm.channels,
                          .rows = z.extent.height,
                          .vectors = z.extent.width,
                          .g = constant(g.plane(block)),
                          .z = constant(z.plane(block)),
                          .a = norm.a.data(),
                          .b = norm.b.data(),
                          .mean = norm.mean.data(),
                          .constant = norm.constant.data(),
                          .out = out.plane(block)};
      if (action.add >= 0) job.add = constant(site.tensor(action.add).plane(block));
      site.kernels->norm_gradient(job);
      if (site.is_partial(block))
        zero_dead_lanes(job.out.at, z.extent.size(), site.lanes(), site.live);
    }
  });
}

void prepare_start(TrainSite& site, TrainedLayer& layer, int norm) {
  for (std::size_t o = 0; o < layer.start.size(); ++o)
    layer.start[o] = layer.bias != nullptr ? layer.bias[o] : 0;
  if (norm < 0 || !site.norm(norm).owns_z) return;
  TrainedNorm& of = site.norm(norm);
  for (std::size_t o = 0; o < layer.start.size(); ++o) {
    of.offset[o] = std::isfinite(of.running_mean[o]) ? of.running_mean[o] : 0;
    layer.start[o] -= of.offset[o];
  }
}

ChannelSums::ChannelSums(int channels, int lanes, AlignedFloats& memory, double* totals)
    : channels_(channels), lanes_(lanes), totals_(totals) {
  const std::int64_t count = std::int64_t{channels} * 2 * lanes;
  memory.grow(count);
  sums_ = memory.data();
  std::fill_n(sums_, count, 0.0F);
  std::fill_n(totals_, 2 * channels, 0.0);
}

void ChannelSums::begin_block(int images) {
  if (images < lanes_ && pixels_ > 0) flush(lanes_);
}

void ChannelSums::end_block(int images, std::int64_t pixels) {
  constexpr std::int64_t kPixels = 1024;  // whose sums are kept in float
  pixels_ += pixels;
  if (images < lanes_ || pixels_ >= kPixels) flush(images);
}

void ChannelSums::flush(int images) {
  float* lane = sums_;
  for (int i = 0; i < 2 * channels_; ++i, lane += lanes_) {
    double sum = 0;
    for (int l = 0; l < images; ++l) sum += lane[l];
    totals_[i] += sum;
  }
  std::fill_n(sums_, std::int64_t{channels_} * 2 * lanes_, 0.0F);
  pixels_ = 0;
}

void zero_dead_lanes(float* at, std::int64_t vectors, int lanes, int live) {
  for (std::int64_t v = 0; v < vectors; ++v, at += lanes) std::fill(at + live, at + lanes, 0.0F);
}

}  // namespace pollard::sparse
