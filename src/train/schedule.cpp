#include "pollard/schedule.h"

#include <algorithm>
#include <cmath>

#include "pollard/error.h"
#include "train/curves.h"

namespace pollard {
namespace {

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

LearningRates dense_rates(const DenseSchedule& s, std::int64_t epochs,
                          std::int64_t iterations_per_epoch) {
  const std::int64_t total = epochs * iterations_per_epoch;
  if (s.kind == "onecycle") return one_cycle(s, total);
  require_schedule("train.schedule", s.kind, dense_schedule_names());

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
                        : s.kind == "step"   ? step_rate(s.rate, s.milestones, s.gamma, i, total)
                                             : s.rate);
  }
  return out;
}

}  // namespace pollard
