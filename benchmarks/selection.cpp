// How long the exact selection takes beside LibTorch's ways to the same threshold.
//
// 36,518,832 standard normal weights (a WRN-28-10's prunable ones) at 98 % sparsity. The
// contestants take turns within each repetition, so that what else the machine does falls on all of
// them; the table shows medians, the fastest and the slowest time, and the ratio to ours. LibTorch
// gets the absolute values for free; its mask is not even written.
//
//   selection_benchmark [threads] [repetitions]
#include "pollard/selection.h"

#include <ATen/Parallel.h>
#include <omp.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "core/timing.h"

namespace {

constexpr std::int64_t kWeights = 36'518'832;
constexpr double kSparsity = 0.98;

struct Contestant {
  std::string name;
  std::function<void()> prepare;
  std::function<void()> work;
  std::vector<double> seconds = {};
};

void take_turns(std::vector<Contestant>& contestants, int repetitions) {
  for (Contestant& contestant : contestants) {  // warm caches and pools
    contestant.prepare();
    contestant.work();
  }
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (Contestant& contestant : contestants) {
      contestant.prepare();
      const pollard::Stopwatch watch;
      contestant.work();
      contestant.seconds.push_back(watch.seconds());
    }
  }
}

void print(const std::vector<Contestant>& contestants, int threads) {
  std::printf("%lld weights, %.0f %% sparsity, %d threads, %zu repetitions\n",
              static_cast<long long>(kWeights), 100 * kSparsity, threads,
              contestants.front().seconds.size());
  std::printf("%-38s %10s %10s %10s %8s\n", "", "median ms", "fastest", "slowest", "ratio");
  const double ours = pollard::quantile(contestants.front().seconds, 0.5);
  for (const Contestant& contestant : contestants) {
    const auto [fastest, slowest] = std::ranges::minmax(contestant.seconds);
    const double middle = pollard::quantile(contestant.seconds, 0.5);
    std::printf("%-38s %10.1f %10.1f %10.1f %8.2f\n", contestant.name.c_str(), 1e3 * middle,
                1e3 * fastest, 1e3 * slowest, middle / ours);
  }
}

/// The mask that the threshold of `magnitudes` gives must be ours: the weights have no ties there.
bool agree(const torch::Tensor& magnitudes, std::vector<std::uint8_t>& keep, std::int64_t count) {
  const auto threshold = std::get<0>(torch::kthvalue(magnitudes, kWeights - count + 1));
  const auto mask = torch::from_blob(keep.data(), {kWeights}, torch::kUInt8);
  const auto differing = ((magnitudes >= threshold).to(torch::kUInt8) != mask).sum();
  // Equal magnitudes at the threshold, of which a comparison keeps all.
  const auto ties = (magnitudes == threshold).sum();
  return differing.item<std::int64_t>() < ties.item<std::int64_t>() &&
         mask.sum().item<std::int64_t>() == count;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : omp_get_num_procs();
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 5;
  if (threads < 1 || repetitions < 1) return 2;
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  torch::manual_seed(1);
  const torch::NoGradGuard no_gradient;
  const auto weights = torch::randn({kWeights});
  const auto magnitudes = weights.abs();
  const std::int64_t count = kWeights - pollard::round_half_even(kSparsity * kWeights);
  const std::span<const float> scores(weights.data_ptr<float>(), kWeights);

  std::vector<std::uint8_t> keep(kWeights);
  const auto select = [&] {
    std::vector<pollard::SelectionItem> items{{scores, keep}};
    pollard::select_largest(items, count);
  };
  const auto nothing = [] {};
  std::vector<Contestant> contestants;
  contestants.push_back({"select_largest, nothing masked",
                         [&] { std::ranges::fill(keep, std::uint8_t{1}); }, select});
  contestants.push_back({"select_largest, 95 % masked already",
                         [&] {
                           for (std::size_t i = 0; i < keep.size(); ++i) {
                             keep[i] = std::abs(scores[i]) > 1.96f;
                           }
                         },
                         select});
  contestants.push_back({"torch::topk (sorted)", nothing, [&] { torch::topk(magnitudes, count); }});
  contestants.push_back({"torch::topk (not sorted)", nothing,
                         [&] { torch::topk(magnitudes, count, -1, true, false); }});
  contestants.push_back(
      {"torch::kthvalue", nothing, [&] { torch::kthvalue(magnitudes, kWeights - count + 1); }});
  take_turns(contestants, repetitions);
  print(contestants, threads);

  contestants.front().prepare();
  select();
  const bool same = agree(magnitudes, keep, count);
  std::printf("masks agree with kthvalue: %s\n", same ? "yes" : "NO");
  return same ? 0 : 1;
}
