// A grid: the configurations of a sweep. A sweep's file is a configuration in which a setting may
// be a list, an axis; for parameters that are lists themselves, a list of lists is one.
//
//   train.lr = [0.1, 0.05]          an axis
//   train.batch_size = [128, 64]    another
//   prune.sparsity = 0.9            the same in all points
//   [sweep]
//   name = "rates"                  else the file's name without its ending
//   seeds = 3                       short for seed = [1, 2, 3]
//   zip = [["train.lr", "train.batch_size"]]   equally long axes that go together
//   [[sweep.exclude]]               points that match all of a table's keys are left out
//   train.lr = [0.05]
//   seed = 3
//   [[sweep.variant]]               a sweep within: these settings instead of or beside the file's
//   name = "GMP"
//   train.method = "gmp"
//
// With variants the grid is all of theirs, one after another; a point may be in several of them.
//
// Overrides go on top: key=value replaces, key=a,b and key=[a, b] make an axis. Text that is free
// (no choice of words) may hold commas, so only [a, "b,c"] makes an axis of it; of a list,
// [[0.5], [0.5, 0.75]] does. sweep.name= and sweep.seeds= are overrides too.
//
// Axes stand in the order of the file, then seeds, then those that the command line adds; points
// are in order of their values, the last axis fastest. A key that counts in some points only (its
// only_with) is not given in the others.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/parameters.h"

namespace pollard {

/// More points than these are taken for a mistake.
constexpr std::size_t kMostPoints = 100'000;

struct Grid {
  std::string name;                   // letters, digits, '.', '_' and '-'
  std::vector<std::string> axes;      // keys, the slowest first
  std::vector<Config> points;         // each checked with check_effective()
  std::vector<std::string> variants;  // names, one a point; empty where the file has no variants
};

/// The column of tables, and the key of a ResultRow, that says which variant a result is of.
constexpr const char* kVariantKey = "sweep.variant";

/// `path` may be empty: overrides alone. `table` must outlive the points. Throws Error{Config} or
/// Error{Usage} naming file, line and key; Error{Io} where the file cannot be read.
[[nodiscard]] Grid read_grid(const std::filesystem::path& path,
                             std::span<const std::string> overrides, const ParameterTable& table);

}  // namespace pollard
