#include "sparse/train_loss.h"

#include <algorithm>
#include <cmath>

namespace pollard::sparse {
namespace {

// The logits of one image: every lanes-th float.
struct Scores {
  const float* at;
  int classes, lanes;
  [[nodiscard]] float operator[](int k) const { return at[std::int64_t{k} * lanes]; }
};

int rank_of(const Scores& scores, int label) {
  const float own = scores[label];
  if (!std::isfinite(own)) return scores.classes + 5;
  int higher = 0;
  for (int k = 0; k < scores.classes; ++k) {
    if (scores[k] > own || (scores[k] == own && k < label)) ++higher;
  }
  return higher;
}

// Adds one image; writes its gradient, if wanted.
void add_image(const Scores& scores, int label, double smoothing, double share, float* gradient,
               StepResult& result) {
  double highest = scores[0];
  for (int k = 1; k < scores.classes; ++k) highest = std::max(highest, double{scores[k]});
  double sum = 0, total = 0;
  for (int k = 0; k < scores.classes; ++k) {
    sum += std::exp(scores[k] - highest);
    total += scores[k];
  }
  const double log_sum = highest + std::log(sum);
  const double even = smoothing / scores.classes;
  result.loss += log_sum - (1 - smoothing) * scores[label] - even * total;
  const int rank = rank_of(scores, label);
  result.top1 += rank < 1 ? 1 : 0;
  result.top5 += rank < 5 ? 1 : 0;
  if (gradient == nullptr) return;
  for (int k = 0; k < scores.classes; ++k) {
    const double target = even + (k == label ? 1 - smoothing : 0);
    gradient[std::int64_t{k} * scores.lanes] =
        static_cast<float>((std::exp(scores[k] - log_sum) - target) * share);
  }
}

}  // namespace

StepResult cross_entropy(TrainSite& site, const TrainTensor& logits,
                         std::span<const std::int64_t> labels, double smoothing,
                         const TrainTensor* gradient) {
  std::vector<StepResult> results(static_cast<std::size_t>(site.threads()));
  const double share = 1 / static_cast<double>(site.images);
  site.share([&](int thread, Share blocks) {
    StepResult result;
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
      float* out = gradient != nullptr ? gradient->plane(block).at : nullptr;
      for (int lane = 0; lane < site.images_in(block); ++lane) {
        const Scores scores{logits.plane(block).at + lane, logits.extent.channels, site.lanes()};
        const auto image = static_cast<std::size_t>(block * site.lanes() + lane);
        add_image(scores, static_cast<int>(labels[image]), smoothing, share,
                  out != nullptr ? out + lane : nullptr, result);
      }
      if (out != nullptr && site.is_partial(block))
        zero_dead_lanes(out, logits.extent.channels, site.lanes(), site.live);
    }
    results[static_cast<std::size_t>(thread)] = result;
  });
  StepResult total;
  for (const StepResult& result : results) {
    total.loss += result.loss;
    total.top1 += result.top1;
    total.top5 += result.top5;
  }
  return total;
}

}  // namespace pollard::sparse
