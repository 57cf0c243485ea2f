// Learning rates as pure functions: one rate an iteration, computed before the first.
//
// Retraining schedules are derived from the rates that the dense run used ("the original schedule",
// eta[0..T-1], T iterations), for N retraining iterations; w = floor(0.1 N) of them warm up, R = N
// - w:
//
//   ft    constant eta_min, the smallest original rate after the original warm-up
//   slr   half-cosine warm-up from 0 to eta_max, then the original schedule stretched or shrunk to
//   R:
//         eta[floor(i T / R)], where the original warm-up counts as eta_max   (Le & Hua 2021)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// One rate for each iteration, and how many of the first are warm-up.
struct LearningRates {
  std::vector<double> rates;
  std::int64_t warmup = 0;
};

struct DenseSchedule {
  std::string kind = "step";  // step, linear, cosine, onecycle, constant
  double rate = 0.1;          // the largest
  std::vector<double> milestones = {0.5,
                                    0.75};  // step: where the rate drops, fractions of the training
  double gamma = 0.1;                       // step: by this factor
  double warmup_epochs = 0;  // linear warm-up from 0 (all but onecycle), counted into the training
  double rise = 0.3;         // onecycle: fraction spent rising
};

/// step: rate * gamma^(milestones passed); linear: to 0; cosine: half a cosine to 0; onecycle:
/// half-cosine rise from rate/25, half-cosine fall to rate/250000, as in PyTorch's OneCycleLR (its
/// rise counts as warm-up). Milestones count from the start of training, the curves of linear and
/// cosine from the end of warm-up. Throws Error{Config} for an unknown kind or a warm-up as long as
/// the training.
[[nodiscard]] LearningRates dense_rates(const DenseSchedule& schedule, std::int64_t epochs,
                                        std::int64_t iterations_per_epoch);
[[nodiscard]] std::vector<std::string> dense_schedule_names();

struct RetrainingSchedule {
  std::string kind = "slr";  // ft, slr
  double warmup = 0.1;       // fraction of the retraining iterations
};

/// `iterations` rates; see above. Throws Error{Config} for an unknown kind.
[[nodiscard]] LearningRates retraining_rates(const RetrainingSchedule& schedule,
                                             const LearningRates& original,
                                             std::int64_t iterations);
[[nodiscard]] std::vector<std::string> retraining_schedule_names();

}  // namespace pollard
