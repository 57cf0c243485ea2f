#include "report/paper/grid_results.h"

#include <algorithm>

namespace pollard {
namespace {

constexpr std::string_view kPaperProfile = "paper";

}  // namespace

const GridResults* ProfileResults::find(const std::string& grid) const {
  const auto found = grids.find(grid);
  return found == grids.end() ? nullptr : &found->second;
}

KeySet ProfileResults::ignored() const {
  KeySet keys = without_effect;
  keys.insert("seed");
  return keys;
}

Mark mark_of(std::string_view profile, std::size_t there, std::size_t wanted) {
  if (there == 0) return Mark::Missing;
  if (profile != kPaperProfile) return Mark::ScaledDown;
  return there < wanted ? Mark::Incomplete : Mark::Reproduced;
}

Mark weakest(const std::vector<Mark>& marks) {
  const auto has = [&](Mark mark) { return std::ranges::find(marks, mark) != marks.end(); };
  if (has(Mark::ScaledDown)) return Mark::ScaledDown;
  if (has(Mark::Incomplete)) return Mark::Incomplete;
  if (!has(Mark::Reproduced)) return Mark::Missing;
  return has(Mark::Missing) ? Mark::Incomplete : Mark::Reproduced;
}

std::string_view mark_text(Mark mark) {
  switch (mark) {
    case Mark::Reproduced:
      return "reproduced";
    case Mark::Incomplete:
      return "incomplete";
    case Mark::ScaledDown:
      return "scaled down";
    case Mark::Missing:
      return "missing";
  }
  return "";
}

}  // namespace pollard
