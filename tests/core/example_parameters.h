// A small table with every kind of parameter, for the tests of configurations.
#pragma once

#include "core/parameters.h"

namespace pollard::test {

inline ParameterTable example_table() {
  ParameterTable table;
  table.add({.key = "seed", .fallback = std::int64_t{1}, .unit = "", .help = "Seed.", .minimum = 0})
      .add({.key = "out",
            .fallback = std::string("runs/a"),
            .unit = "",
            .help = "Folder of the run.",
            .identity = false})
      .add({.key = "train.epochs",
            .fallback = std::int64_t{160},
            .unit = "epochs",
            .help = "How long to train.",
            .minimum = 1,
            .maximum = 100000})
      .add({.key = "train.learning_rate",
            .fallback = 0.1,
            .unit = "",
            .help = "Peak rate.",
            .minimum = 0,
            .minimum_open = true})
      .add({.key = "train.nesterov", .fallback = false, .unit = "", .help = "Look ahead."})
      .add({.key = "train.schedule",
            .fallback = std::string("step"),
            .unit = "",
            .help = "How the rate falls.",
            .choices = {"step", "cosine", "linear"}})
      .add({.key = "train.gamma",
            .fallback = 0.1,
            .unit = "factor",
            .help = "The rate's factor at each milestone.",
            .minimum = 0,
            .maximum = 1,
            .maximum_open = true,
            .only_with = OnlyWith{"train.schedule", {"step"}}})
      .add({.key = "train.milestones",
            .fallback = std::vector<double>{0.5, 0.75},
            .unit = "fraction",
            .help = "Where the rate falls.",
            .minimum = 0,
            .maximum = 1,
            .minimum_open = true,
            .maximum_open = true,
            .only_with = OnlyWith{"train.schedule", {"step", "linear"}}})
      .add({.key = "train.smooth",
            .fallback = false,
            .unit = "",
            .help = "Blend at milestones.",
            .only_with = OnlyWith{"train.gamma", {"0.1"}}})
      .add({.key = "prune.sparsity",
            .fallback = 0.9,
            .unit = "fraction",
            .help = "Share of weights removed.",
            .minimum = 0,
            .maximum = 1,
            .maximum_open = true})
      .add({.key = "prune.layers",
            .fallback = std::string(),
            .unit = "",
            .help = "Which layers; empty for all."});
  return table;
}

}  // namespace pollard::test
