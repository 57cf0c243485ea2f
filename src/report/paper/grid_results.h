// What is finished of the grids of a profile, and what may be claimed of numbers made from it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "report/groups.h"

namespace pollard {

struct GridResults {
  std::vector<ResultRow> rows;  // finished ones; "sweep.variant" among the settings of each
  std::size_t wanted = 0;       // configurations of the grid; 0: not known
  std::size_t seeds = 0;        // of each; 0: not known
  std::set<std::string> conditions = {};  // what its stages were made with, in words
};

/// A profile without a grid's file has no entry for it.
struct ProfileResults {
  std::string profile;         // "paper"
  KeySet without_effect = {};  // settings that cannot change results
  std::map<std::string, GridResults> grids = {};

  /// Null where there is no entry.
  [[nodiscard]] const GridResults* find(const std::string& grid) const;
  /// What groups over seeds leave out: `without_effect` and the seed.
  [[nodiscard]] KeySet ignored() const;
};

enum class Mark {
  Reproduced,  // profile "paper", all that was wanted is finished
  Incomplete,  // profile "paper", but seeds or configurations are not finished
  ScaledDown,  // another profile
  Missing,     // no finished configuration
};

/// Of what was made from `there` of `wanted` (0: not known) configurations or seeds.
[[nodiscard]] Mark mark_of(std::string_view profile, std::size_t there, std::size_t wanted);
/// The least that may be claimed of all together; Missing of none. A missing part of something
/// that is there makes it incomplete, or scaled down as the rest.
[[nodiscard]] Mark weakest(const std::vector<Mark>& marks);
/// "reproduced", "incomplete", "scaled down", "missing"
[[nodiscard]] std::string_view mark_text(Mark mark);

}  // namespace pollard
