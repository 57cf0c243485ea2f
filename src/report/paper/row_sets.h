// The rows that a specification's lines choose from the grids.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/spec.h"

namespace pollard {

/// Numbers fit by their value: 0.90 is 0.9.
[[nodiscard]] bool fits(const ResultRow& row, const RowFilter& filter);
/// Both: a key that both have must fit both.
[[nodiscard]] std::vector<ResultRow> chosen_rows(std::span<const ResultRow> rows,
                                                 const RowFilter& first,
                                                 const RowFilter& second = {});

/// A filter for each combination of the keys' values among the rows, the last key fastest; values
/// in the order in which `where` lists them, else by size. One without keys where there are none.
[[nodiscard]] std::vector<RowFilter> each_combination(std::span<const ResultRow> rows,
                                                      std::span<const std::string> keys,
                                                      const RowFilter& where);

struct NamedRows {
  std::string name, grid;
  std::vector<ResultRow> rows = {};
};
/// A panel's lines, those of [[line]] even where they have no rows. `within`: what the panel was
/// split to.
[[nodiscard]] std::vector<NamedRows> lines_of(const SpecPanel& panel, const ProfileResults& results,
                                              const RowFilter& within = {});

/// Names of the grids that a panel's lines and baselines come from, each once.
[[nodiscard]] std::vector<std::string> grids_of(const SpecPanel& panel);

}  // namespace pollard
