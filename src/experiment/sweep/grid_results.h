// What is finished of a grid, as tables and figures read it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "experiment/store/store.h"

namespace pollard {

/// The finished ones of a grid's configurations, in its order. `variants`: as Grid has them, one a
/// configuration or none; each row's settings then say its own under kVariantKey. Throws as
/// Store::read() does.
[[nodiscard]] std::vector<ResultRow> grid_results(const Store& store,
                                                  std::span<const Configuration> configurations,
                                                  std::span<const std::string> variants);

}  // namespace pollard
