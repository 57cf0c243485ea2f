#include "experiment/sweep/grid_results.h"

#include "experiment/sweep/grid.h"

namespace pollard {

std::vector<ResultRow> grid_results(const Store& store,
                                    std::span<const Configuration> configurations,
                                    std::span<const std::string> variants) {
  std::vector<Configuration> finished;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    if (!store.holds(configurations[i].id())) continue;
    finished.push_back(configurations[i]);
    if (!variants.empty()) names.push_back(variants[i]);
  }
  std::vector<ResultRow> rows = read_results(store, finished);
  for (std::size_t i = 0; i < names.size(); ++i) rows[i].settings[kVariantKey] = names[i];
  return rows;
}

}  // namespace pollard
