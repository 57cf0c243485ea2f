#include "experiment/retraining_parameters.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pollard/schedule.h"

namespace pollard {
namespace {

OnlyWith schedules(std::vector<std::string> names) {
  return {"retrain.schedule", std::move(names)};
}

}  // namespace

void add_retraining_rates(ParameterTable& table) {
  table.add({.key = "retrain.schedule",
             .fallback = std::string("slr"),
             .unit = "",
             .help = "Learning rates of retraining. Derived from those of dense training: slr (its "
                     "schedule, scaled to the retraining), ft (its smallest rate), lrw (its last "
                     "ones), clr (cosine to its smallest), llr (linear to 0), allr (llr from a "
                     "rate that depends on how much pruning took away). With rates of their own: "
                     "constant, step, cosine, linear.",
             .choices = retraining_schedule_names()});
  const OnlyWith warm = schedules({"slr", "clr", "llr", "allr", "step", "cosine", "linear"});
  table.add({.key = "retrain.warmup",
             .fallback = 0.1,
             .unit = "fraction of the retraining",
             .help = "Half-cosine warm-up from retrain.warmup_from.",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true,
             .only_with = warm});
  table.add({.key = "retrain.warmup_from",
             .fallback = 0.0,
             .unit = "",
             .help = "The rate that the warm-up starts from (Le & Hua: 0.001).",
             .minimum = 0,
             .only_with = warm});
  table.add({.key = "retrain.lr",
             .fallback = 0.1,
             .unit = "",
             .help = "The largest rate of schedules with rates of their own.",
             .minimum = 0,
             .minimum_open = true,
             .only_with = schedules({"constant", "step", "cosine", "linear"})});
  table.add({.key = "retrain.end_lr",
             .fallback = 0.0,
             .unit = "",
             .help = "The rate that the curve ends in, one iteration after the last.",
             .minimum = 0,
             .only_with = schedules({"cosine", "linear"})});
  table.add({.key = "retrain.milestones",
             .fallback = std::vector<double>{0.5, 0.75},
             .unit = "fractions of the retraining",
             .help = "Where the rate drops, counted from the start of the retraining.",
             .minimum = 0,
             .maximum = 1,
             .only_with = schedules({"step"})});
  table.add({.key = "retrain.gamma",
             .fallback = 0.1,
             .unit = "",
             .help = "The factor of each drop.",
             .minimum = 0,
             .maximum = 1,
             .minimum_open = true,
             .only_with = schedules({"step"})});
  table.add({.key = "retrain.allr_norm",
             .fallback = std::string("all"),
             .unit = "",
             .help = "Whose norm tells how much pruning took away: that of all weights and biases, "
                     "batch norm's too, or of the prunable weights.",
             .choices = {"all", "prunable"},
             .only_with = schedules({"allr"})});
  table.add({.key = "retrain.allr_cycles",
             .fallback = std::string("all"),
             .unit = "",
             .help = "Lower the rate by what pruning took away in every cycle, or only in the "
                     "last; the others retrain as with llr.",
             .choices = {"all", "last"},
             .only_with = schedules({"allr"})});
}

namespace {

void add_engine(ParameterTable& table, std::string_view key, std::string_view help,
                std::optional<OnlyWith> only_with) {
  table.add({.key = std::string(key),
             .fallback = std::string("auto"),
             .unit = "",
             .help = std::string(help),
             .choices = {"auto", "torch", "sparse"},
             .only_with = std::move(only_with),
             .identity = false,
             .last_bits = true});
}

}  // namespace

void add_retraining_engine(ParameterTable& table) {
  add_engine(
      table, "retrain.engine",
      "What computes the retraining. torch: LibTorch, as if no weight were zero; sparse: the "
      "weights that are left only, on the CPU; auto: the faster of the two, by a few steps "
      "of each.",
      {});
}

void add_training_engine(ParameterTable& table) {
  add_engine(
      table, "train.engine",
      "What computes a training once its method has pruned: torch, sparse, or auto, as for "
      "retrain.engine; before that it is torch. With method.gmp.mode=recovering it stays so.",
      OnlyWith{"train.method", {"gmp"}});
}

}  // namespace pollard
