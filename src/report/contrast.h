// Two values of a setting held against each other, run by run: pairs that share their seed and all
// other settings.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/groups.h"

namespace pollard {

struct Contrast {
  std::string key, a, b;
};

struct RunPair {
  std::string seed;
  double a = 0, b = 0;  // the measure
};

/// The pairs of one setting of everything else.
struct PairedGroup {
  Settings settings = {};           // of everything else but the seed
  std::vector<RunPair> pairs = {};  // in order of their seeds
  double mean_a = 0, mean_b = 0;
  PairedDifference difference = {};  // b minus a
};

/// In order of settings. Keys that only one side has (those of one method) do not count as
/// different. Throws Error{Usage} where there is no pair, and where a run could be paired with
/// several.
[[nodiscard]] std::vector<PairedGroup> contrast_results(std::span<const ResultRow> rows,
                                                        const Contrast& contrast,
                                                        const std::string& measure,
                                                        const KeySet& ignored,
                                                        const Bootstrap& bootstrap = {});

}  // namespace pollard
