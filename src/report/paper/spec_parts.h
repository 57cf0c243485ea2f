// The parts of a specification: the rows of panels and tables, panels' axes, what tables say.
// For sources, as spec_section.h.
#pragma once

#include <string>
#include <vector>

#include "report/paper/spec_section.h"

namespace pollard {

using SpecKeys = std::vector<std::string>;

/// The keys of what the functions below read of a section.
[[nodiscard]] SpecKeys row_keys();
[[nodiscard]] SpecKeys axis_keys();
[[nodiscard]] SpecKeys table_keys();
[[nodiscard]] SpecKeys together(SpecKeys keys, std::initializer_list<SpecKeys> more);

// All throw as SpecSection's functions. `grids`: names that the specification lists.

/// What the section says of grid and lines, over what holds outside of it.
[[nodiscard]] SpecPanel read_rows(const SpecSection& section, const SpecKeys& grids,
                                  SpecPanel outer);
/// Refuses what has no lines, or two ways to make them.
void require_lines(const SpecSection& section, const SpecPanel& panel);
/// Each [[panel]] over what stands above the first; without any, that is one.
[[nodiscard]] std::vector<SpecPanel> read_panels(const SpecSection& root, const SpecKeys& grids);
[[nodiscard]] SpecTable read_table(const SpecSection& root, const SpecKeys& grids);

}  // namespace pollard
