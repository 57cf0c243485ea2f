// How the numbers of finished configurations are called and written in tables for people.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/groups.h"

namespace pollard {

/// Those that any of the rows has: the usual ones first, the others by name.
[[nodiscard]] std::vector<std::string> measure_names(std::span<const ResultRow> rows);
/// All that measures_of() knows of.
[[nodiscard]] std::vector<std::string> known_measures();
/// What a table shows where nobody chose.
[[nodiscard]] std::vector<std::string> shown_measures(std::span<const ResultRow> rows);

/// The head of its column: "top1 %", "sparsity %", "loss".
[[nodiscard]] std::string measure_header(const std::string& measure);
/// The label of its axis in a figure, with the unit: "sparsity of the prunable weights, %".
[[nodiscard]] std::string measure_axis(const std::string& measure);
/// What a value is multiplied by for the unit of header and axis: 100 for sparsities.
[[nodiscard]] double measure_scale(const std::string& measure);
/// Digits after the point.
[[nodiscard]] int measure_digits(const std::string& measure);
/// In the unit of the header: a sparsity of 0.9 is "90.00".
[[nodiscard]] std::string measure_text(const std::string& measure, double value);
/// "93.27 ± 0.12 (3)": mean, standard deviation, n; "93.27 (1)"; a dash for null.
[[nodiscard]] std::string summary_text(const std::string& measure, const Summary* summary);

/// Whether less of it is better: losses and costs.
[[nodiscard]] bool is_better_low(const std::string& measure);

}  // namespace pollard
