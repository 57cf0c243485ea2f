#include "pollard/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/nearest.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// From `from` at 0 to `to` at 1 along half a cosine.
double half_cosine(double from, double to, double fraction) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * fraction)) / 2;
}

double fraction_of(std::int64_t i, std::int64_t n) {
  return n > 0 ? static_cast<double>(i) / static_cast<double>(n) : 0;
}

[[noreturn]] void unknown(std::string_view key, std::string_view kind,
                          const std::vector<std::string>& names) {
  const std::string meant = nearest(kind, names);
  throw Error(ErrorCode::Config,
              std::string(key) + "='" + std::string(kind) + "' is not a schedule",
              meant.empty() ? "the first is " + names.front() : "did you mean '" + meant + "'?");
}

double step_rate(const DenseSchedule& s, std::int64_t i, std::int64_t total) {
  double rate = s.rate;
  for (const double milestone : s.milestones) {
    if (i >= std::llround(milestone * static_cast<double>(total))) rate *= s.gamma;
  }
  return rate;
}

LearningRates one_cycle(const DenseSchedule& s, std::int64_t total) {
  // PyTorch's phases: the peak falls on iteration rise * total - 1, the end on the last one.
  const double peak = std::max(0.0, s.rise * static_cast<double>(total) - 1);
  const double last = static_cast<double>(total - 1);
  const double start = s.rate / 25, end = start / 1e4;
  LearningRates out;
  for (std::int64_t i = 0; i < total; ++i) {
    const auto at = static_cast<double>(i);
    out.rates.push_back(at <= peak && peak > 0 ? half_cosine(start, s.rate, at / peak)
                        : last > peak ? half_cosine(s.rate, end, (at - peak) / (last - peak))
                                      : s.rate);
    if (at < peak) out.warmup = i + 1;
  }
  return out;
}

}  // namespace

std::vector<std::string> dense_schedule_names() {
  return {"step", "linear", "cosine", "onecycle", "constant"};
}

std::vector<std::string> retraining_schedule_names() { return {"slr", "ft"}; }

LearningRates dense_rates(const DenseSchedule& s, std::int64_t epochs,
                          std::int64_t iterations_per_epoch) {
  const std::int64_t total = epochs * iterations_per_epoch;
  if (s.kind == "onecycle") return one_cycle(s, total);
  const std::vector<std::string> names = dense_schedule_names();
  if (std::ranges::find(names, s.kind) == names.end()) unknown("train.schedule", s.kind, names);

  LearningRates out;
  out.warmup = std::llround(s.warmup_epochs * static_cast<double>(iterations_per_epoch));
  if (out.warmup > 0 && out.warmup >= total) {
    throw Error(ErrorCode::Config, "train.warmup is as long as the training itself",
                "make it shorter than train.epochs");
  }
  for (std::int64_t i = 0; i < total; ++i) {
    const double done = fraction_of(i - out.warmup, total - out.warmup);
    out.rates.push_back(i < out.warmup       ? s.rate * fraction_of(i + 1, out.warmup + 1)
                        : s.kind == "linear" ? s.rate * (1 - done)
                        : s.kind == "cosine" ? half_cosine(s.rate, 0, done)
                        : s.kind == "step"   ? step_rate(s, i, total)
                                             : s.rate);
  }
  return out;
}

LearningRates retraining_rates(const RetrainingSchedule& schedule, const LearningRates& original,
                               std::int64_t iterations) {
  const std::vector<std::string> names = retraining_schedule_names();
  if (std::ranges::find(names, schedule.kind) == names.end())
    unknown("retrain.schedule", schedule.kind, names);
  LearningRates out;
  if (iterations == 0) return out;
  const auto total = static_cast<std::int64_t>(original.rates.size());
  if (total == 0) throw Error(ErrorCode::Internal, "retraining needs the original schedule");
  const auto after_warmup =
      std::span(original.rates).subspan(static_cast<std::size_t>(original.warmup));

  if (schedule.kind == "ft") {
    out.rates.assign(static_cast<std::size_t>(iterations), *std::ranges::min_element(after_warmup));
    return out;
  }
  const double peak = *std::ranges::max_element(original.rates);
  out.warmup =
      static_cast<std::int64_t>(std::floor(schedule.warmup * static_cast<double>(iterations)));
  for (std::int64_t j = 0; j < out.warmup; ++j) {
    out.rates.push_back(half_cosine(0, peak, fraction_of(j, out.warmup)));
  }
  const std::int64_t rest = iterations - out.warmup;
  for (std::int64_t i = 0; i < rest; ++i) {
    const std::int64_t at = i * total / rest;
    out.rates.push_back(at < original.warmup ? peak : original.rates[static_cast<std::size_t>(at)]);
  }
  return out;
}

}  // namespace pollard
