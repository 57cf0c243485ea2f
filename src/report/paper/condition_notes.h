// What stands below every figure and table: what may be claimed, of which runs, what is missing.
#pragma once

#include <string>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/spec.h"

namespace pollard {

/// The mark of the whole: the weakest of its grids'.
[[nodiscard]] Mark mark_of(const ProfileResults& results, const std::vector<std::string>& grids);

/// A line on the mark, a line for each grid (how much of it is finished, with how many seeds, and
/// the values of the settings of `spec.print`; a 0, which means none, is not told), and the
/// specification's own notes.
[[nodiscard]] std::vector<std::string> condition_notes(const Spec& spec,
                                                       const ProfileResults& results,
                                                       const std::vector<std::string>& grids);

}  // namespace pollard
