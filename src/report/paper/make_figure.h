// A specification's figure, filled with what is finished.
#pragma once

#include "report/figure.h"
#include "report/paper/grid_results.h"
#include "report/paper/spec.h"

namespace pollard {

struct MadeFigure {
  Figure figure;
  Mark mark = Mark::Missing;  // of the whole; its notes say what is missing
};

/// Sparsities in percent. Bands are the lowest and highest value over seeds. Panels of grids that
/// the profile does not have, or of which nothing is finished, are there without lines, and a note
/// says so.
[[nodiscard]] MadeFigure make_figure(const Spec& spec, const ProfileResults& results);

}  // namespace pollard
