#include "speed/race.h"

#include <algorithm>
#include <cmath>

#include "pollard/random.h"

namespace pollard {
namespace {

constexpr double kWarmSeconds = 0.3;
constexpr int kMostCalls = 10000;  // a turn

int calls_in(double seconds, double call_seconds) {
  const double calls = std::ceil(seconds / std::max(call_seconds, 1e-9));
  return std::clamp(static_cast<int>(std::min(calls, 1e6)), 1, kMostCalls);
}

// The fastest of some calls, warm.
double estimate(Contender& contender) {
  double best = contender.time_call();
  const Stopwatch watch;
  for (int call = 0; call < 3 && watch.seconds() < kWarmSeconds; ++call)
    best = std::min(best, contender.time_call());
  return best;
}

}  // namespace

std::vector<Spread> race(std::span<const std::unique_ptr<Contender>> contenders,
                         const RaceSettings& settings, const std::function<void(int)>& finished) {
  std::vector<int> calls;
  for (const auto& contender : contenders)
    calls.push_back(calls_in(settings.turn_seconds, estimate(*contender)));
  std::vector<std::vector<double>> seconds(contenders.size());
  for (int round = 1; round <= settings.rounds; ++round) {
    const auto order = permutation(static_cast<std::uint32_t>(contenders.size()), settings.seed,
                                   Purpose::Timing, static_cast<std::uint32_t>(round));
    for (const std::uint32_t who : order) {
      (void)contenders[who]->time_call();
      for (int call = 0; call < calls[who]; ++call)
        seconds[who].push_back(contenders[who]->time_call());
    }
    if (finished) finished(round);
  }
  std::vector<Spread> spreads;
  for (const auto& values : seconds) spreads.push_back(spread_of(values));
  return spreads;
}

Spread run_alone(Contender& contender, const RaceSettings& settings) {
  const int calls =
      calls_in(settings.turn_seconds, estimate(contender)) * std::max(1, settings.rounds);
  for (const Stopwatch watch; watch.seconds() < kWarmSeconds;) (void)contender.time_call();
  std::vector<double> seconds;
  for (int call = 0; call < calls; ++call) seconds.push_back(contender.time_call());
  return spread_of(seconds);
}

}  // namespace pollard
