// The results of a sweep as a table: a line a configuration.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "report/table.h"

namespace pollard {

/// A column a key of `axes`, then top1, loss, sparsity, theoretical speedup, pruned top1,
/// retraining epochs, in the order of `rows`. No times: equal work gives equal tables.
[[nodiscard]] TextTable sweep_table(std::span<const ResultRow> rows,
                                    std::span<const std::string> axes);

/// All there is: [{"id", "settings": {...}, "measures": {...}}].
[[nodiscard]] nlohmann::json sweep_json(std::span<const ResultRow> rows);

}  // namespace pollard
