#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <string_view>

#include "pollard/error.h"
#include "pollard/schedule.h"
#include "train/curves.h"

namespace pollard {
namespace {

/// The rate of iteration i = 0..R-1 after the warm-up.
using Curve = std::function<double(std::int64_t i)>;

constexpr std::array<std::string_view, 6> kDerived = {"slr", "ft", "lrw", "clr", "llr", "allr"};
constexpr std::array<std::string_view, 4> kFree = {"constant", "step", "cosine", "linear"};
constexpr std::array<std::string_view, 3> kWithoutWarmup = {"ft", "lrw", "constant"};

bool is_one_of(std::span<const std::string_view> names, std::string_view kind) {
  return std::ranges::find(names, kind) != names.end();
}

struct Extent {
  double largest = 0, smallest = 0;  // eta_max, eta_min
};

Extent extent_of(const LearningRates& original) {
  const auto begin = original.rates.begin() + original.warmup;
  return {*std::ranges::max_element(original.rates),
          *std::min_element(begin, original.rates.end())};
}

void check_original(const RetrainingSchedule& schedule, const LearningRates& original,
                    std::int64_t iterations) {
  const auto total = static_cast<std::int64_t>(original.rates.size());
  if (total == 0 || original.warmup < 0 || original.warmup >= total)
    throw Error(ErrorCode::Internal, "retraining needs the original schedule");
  if (schedule.kind == "lrw" && iterations > total) {
    throw Error(ErrorCode::Config,
                fmt::format("retrain.schedule=lrw repeats the last {} learning rates of dense "
                            "training, which has {}: retrain.epochs exceeds train.epochs",
                            iterations, total),
                "lower retrain.epochs, raise train.epochs, or choose another retrain.schedule");
  }
}

void check_settings(const RetrainingSchedule& s, double largest) {
  if (!(s.warmup >= 0 && s.warmup <= 1)) {
    throw Error(ErrorCode::Config, fmt::format("retrain.warmup is {}, expected [0, 1]", s.warmup),
                "give it as a fraction of the retraining");
  }
  if (!is_one_of(kWithoutWarmup, s.kind) && !(s.warmup_from >= 0 && s.warmup_from <= largest)) {
    throw Error(ErrorCode::Config,
                fmt::format("retrain.warmup_from is {}, expected [0, {}]: the warm-up ends there",
                            s.warmup_from, largest),
                "lower it");
  }
  const bool ends = s.kind == "cosine" || s.kind == "linear";
  if (ends && !(s.end_rate >= 0 && s.end_rate <= s.rate)) {
    throw Error(ErrorCode::Config,
                fmt::format("retrain.end_lr is {}, expected [0, {}]: the rate does not rise",
                            s.end_rate, s.rate),
                "lower it, or raise retrain.lr");
  }
}

Curve stretched(const LearningRates& original, double largest, std::int64_t rest) {
  return [&original, largest, rest](std::int64_t i) {
    const std::int64_t at = i * static_cast<std::int64_t>(original.rates.size()) / rest;
    return at < original.warmup ? largest : original.rates[static_cast<std::size_t>(at)];
  };
}

Curve straight(double from, double to, std::int64_t rest) {
  return [=](std::int64_t i) { return std::lerp(from, to, fraction_of(i, rest)); };
}

Curve cosine(double from, double to, std::int64_t rest) {
  return [=](std::int64_t i) { return half_cosine(from, to, fraction_of(i, rest)); };
}

Curve curve_of(const RetrainingSchedule& s, const LearningRates& original, const Extent& extent,
               double first, std::int64_t warmup, std::int64_t rest) {
  if (s.kind == "slr") return stretched(original, extent.largest, rest);
  if (s.kind == "clr") return cosine(first, extent.smallest, rest);
  if (s.kind == "llr" || s.kind == "allr") return straight(first, 0, rest);
  if (s.kind == "cosine") return cosine(first, s.end_rate, rest);
  if (s.kind == "linear") return straight(first, s.end_rate, rest);
  if (s.kind == "step") {
    return [&s, first, warmup, total = warmup + rest](std::int64_t i) {
      return step_rate(first, s.milestones, s.gamma, warmup + i, total);
    };
  }
  return [first](std::int64_t) { return first; };  // ft, constant
}

LearningRates last_of(const LearningRates& original, std::int64_t iterations) {
  return {{original.rates.end() - iterations, original.rates.end()}, 0};
}

}  // namespace

bool has_constant_rate(std::string_view schedule) {
  return schedule == "ft" || schedule == "constant";
}

std::vector<std::string> retraining_schedule_names() {
  std::vector<std::string> names(kDerived.begin(), kDerived.end());
  names.insert(names.end(), kFree.begin(), kFree.end());
  return names;
}

double allr_discount(const PruneDrop& drop, std::int64_t retrain_iterations,
                     std::int64_t original_iterations) {
  const auto [norm_drop, step_sparsity] = drop;
  const bool sound = std::isfinite(norm_drop) && norm_drop >= 0 && std::isfinite(step_sparsity) &&
                     step_sparsity >= 0;
  if (!sound) {
    throw Error(ErrorCode::Numeric,
                fmt::format("pruning {} of the weights changed their norm by {} of itself, "
                            "expected finite numbers >= 0",
                            step_sparsity, norm_drop),
                "look for a diverged training");
  }
  const double least = std::min(fraction_of(retrain_iterations, original_iterations), 1.0);
  if (step_sparsity == 0) return least;
  return std::clamp(norm_drop / std::sqrt(step_sparsity), least, 1.0);
}

LearningRates retraining_rates(const RetrainingSchedule& s, const LearningRates& original,
                               std::int64_t iterations) {
  require_schedule("retrain.schedule", s.kind, retraining_schedule_names());
  if (iterations == 0) return {};
  const bool derived = is_one_of(kDerived, s.kind);
  if (derived) check_original(s, original, iterations);
  if (s.kind == "lrw") return last_of(original, iterations);

  const Extent extent = derived ? extent_of(original) : Extent{s.rate, s.rate};
  check_settings(s, extent.largest);
  double first = s.kind == "ft" ? extent.smallest : extent.largest;
  if (s.kind == "allr" && s.drop) {
    first *= allr_discount(*s.drop, iterations, static_cast<std::int64_t>(original.rates.size()));
  }

  LearningRates out;
  if (!is_one_of(kWithoutWarmup, s.kind)) {
    out.warmup = static_cast<std::int64_t>(std::floor(s.warmup * static_cast<double>(iterations)));
  }
  out.rates.reserve(static_cast<std::size_t>(iterations));
  const double from = std::min(s.warmup_from, first);  // allr's discount may lie below it
  for (std::int64_t j = 0; j < out.warmup; ++j)
    out.rates.push_back(half_cosine(from, first, fraction_of(j, out.warmup)));
  const std::int64_t rest = iterations - out.warmup;
  const Curve curve = curve_of(s, original, extent, first, out.warmup, rest);
  for (std::int64_t i = 0; i < rest; ++i) out.rates.push_back(curve(i));
  return out;
}

}  // namespace pollard
