// Learning rates as pure functions: one rate an iteration, computed before the first.
//
// Retraining schedules are derived from the rates that the dense run used ("the original schedule",
// eta[0..T-1], T iterations), for N retraining iterations. eta_max is the largest of them, eta_min
// the smallest after the original warm-up. Of the N iterations w = floor(0.1 N) warm up, R = N - w;
// after them, for i = 0..R-1:
//
//   ft    eta_min all the time, without warm-up                                    (fine-tuning)
//   lrw   the last N rates of eta, without warm-up: eta[T - N + i]                 (Renda 2020)
//   slr   eta stretched or shrunk to R, the original warm-up counting as eta_max:
//         eta[floor(i T / R)]                                                      (Le & Hua 2021)
//   clr   half a cosine from eta_max to eta_min                                    (Le & Hua 2021)
//   llr   from eta_max straight to 0                                               (Zimmer 2023)
//   allr  from d eta_max straight to 0, see allr_discount()                        (Zimmer 2023)
//
// The warm-up is half a cosine from `warmup_from` to the schedule's first rate eta_0, which
// iteration w has. What a curve ends in would fall on i = R, one iteration after the last.
//
// Four more do not look at the original: constant (without warm-up), step, cosine and linear, with
// rates of their own. They mean what they mean in dense training.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

/// What a pruning step took away.
struct PruneDrop {
  double norm_drop = 0;      // ||W - W_pruned|| / ||W||, see norm_drop() in src/prune/norm.h
  double step_sparsity = 0;  // of the weights that were left, the fraction removed in this step
};

/// d = clip(norm_drop / sqrt(step_sparsity), min(N / T, 1), 1), for N retraining iterations after T
/// original ones. sqrt(step_sparsity) is the largest drop there can be when the smallest weights
/// go. A step that removed nothing gives the lower bound. Throws Error{Numeric} where the drop is
/// not a finite number >= 0.
[[nodiscard]] double allr_discount(const PruneDrop& drop, std::int64_t retrain_iterations,
                                   std::int64_t original_iterations);

struct RetrainingSchedule {
  std::string kind = "slr";  // ft, lrw, slr, clr, llr, allr; constant, step, cosine, linear
  double warmup = 0.1;       // all but ft, lrw, constant: fraction of the retraining iterations
  double warmup_from = 0;    // the rate it starts from
  double rate = 0.1;         // constant, step, cosine, linear: the largest, eta_0
  double end_rate = 0;       // cosine, linear: reached one iteration after the last
  std::vector<double> milestones = {0.5, 0.75};  // step: fractions of the retraining, warm-up
                                                 // included, as in dense training
  double gamma = 0.1;                            // step: the rate drops by this factor
  std::optional<PruneDrop> drop = {};            // allr; none: d = 1
};

/// `iterations` rates; see above. Throws Error{Config} for an unknown kind, for lrw longer than the
/// original, for a warm-up that starts above eta_0 (for allr: above eta_max; above d eta_max it
/// starts there) or an end above the beginning; Error{Internal} without an original where the kind
/// needs one.
[[nodiscard]] LearningRates retraining_rates(const RetrainingSchedule& schedule,
                                             const LearningRates& original,
                                             std::int64_t iterations);
[[nodiscard]] std::vector<std::string> retraining_schedule_names();
/// Whether its rate is one and the same however long it is: then a longer retraining begins as a
/// shorter one does.
[[nodiscard]] bool has_constant_rate(std::string_view schedule);

}  // namespace pollard
