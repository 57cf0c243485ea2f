#include "speed/calibration.h"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/timing.h"

namespace pollard {
namespace {

constexpr int kAttempts = 5;
constexpr std::int64_t kTurns = 4'000'000;
constexpr int kChains = 12;  // independent sums: more than latency times units
constexpr std::size_t kCopiedFloats = std::size_t{16} << 20;

template <int lanes>
using Vector [[gnu::vector_size(lanes * sizeof(float))]] = float;

// Inlined into a function that has the instructions.
template <int lanes>
[[gnu::always_inline]] inline float spin() {
  Vector<lanes> sums[kChains] = {}, factor = {}, summand = {};
  factor += 0.999F;
  summand += 0.5F;
  for (int chain = 0; chain < kChains; ++chain)  // equal ones would be computed once
    sums[chain] += static_cast<float>(chain);
  for (std::int64_t turn = 0; turn < kTurns; ++turn) {
#pragma GCC unroll 12  // all of kChains: the sums stay in registers
    for (Vector<lanes>& sum : sums) sum = sum * factor + summand;
  }
  float all = 0;
  for (const Vector<lanes>& sum : sums) all += sum[0];
  return all;
}

#if defined(__x86_64__)
[[gnu::target("avx512f")]] float spin_avx512() { return spin<16>(); }
[[gnu::target("avx2,fma")]] float spin_avx2() { return spin<8>(); }
#endif
float spin_plain() { return spin<4>(); }

struct Spinner {
  float (*run)();
  int lanes;
};

Spinner best_spinner() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {spin_avx512, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {spin_avx2, 8};
#endif
  return {spin_plain, 4};
}

template <typename Work>
double fastest(int threads, const Work& work) {
  double best = 1e30;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Stopwatch watch;
#pragma omp parallel num_threads(threads)
    work(static_cast<std::size_t>(omp_get_thread_num()));
    best = std::min(best, watch.seconds());
  }
  return best;
}

}  // namespace

Calibration calibrate(int threads) {
  const Spinner spinner = best_spinner();
  std::vector<float> results(static_cast<std::size_t>(threads));
  const double sums =
      fastest(threads, [&](std::size_t thread) { results[thread] = spinner.run(); });
  const double operations = 2.0 * kChains * spinner.lanes * static_cast<double>(kTurns) * threads;

  std::vector<std::vector<float>> sources(results.size()), targets(results.size());
#pragma omp parallel num_threads(threads)
  {  // each thread touches its own memory first
    const auto thread = static_cast<std::size_t>(omp_get_thread_num());
    sources[thread].assign(kCopiedFloats, 1.0F);
    targets[thread].assign(kCopiedFloats, 0.0F);
  }
  const double copies = fastest(threads, [&](std::size_t thread) {
    std::memcpy(targets[thread].data(), sources[thread].data(), kCopiedFloats * sizeof(float));
  });
  const double bytes = 2.0 * sizeof(float) * static_cast<double>(kCopiedFloats) * threads;
  return {operations / sums / 1e9, bytes / copies / 1e9};
}

}  // namespace pollard
