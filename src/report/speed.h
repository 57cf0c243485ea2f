// What `pollard bench` shows of its record, bench.json (speed/speed.h): tables, files for other
// programs, and the figure of measured over theoretical speedup.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/table.h"

namespace pollard {

/// Every contender of every case: times, images a second, speedup over the best dense opponent.
[[nodiscard]] TextTable speed_table(const nlohmann::json& record);
/// The layers of one network in one case.
[[nodiscard]] TextTable layer_table(const nlohmann::json& record, std::size_t at,
                                    std::size_t network);
/// From which density on sparse layers are slower, a row a shape and a column a case.
[[nodiscard]] TextTable crossover_table(const nlohmann::json& record);

/// Machine, libraries, threads, and what could not be measured, in a few lines.
[[nodiscard]] std::string speed_conditions(const nlohmann::json& record);

/// A line a contender, layer, or measured density, with plain numbers and units in the header.
[[nodiscard]] TextTable speed_values(const nlohmann::json& record);
[[nodiscard]] TextTable layer_values(const nlohmann::json& record);
[[nodiscard]] TextTable crossover_values(const nlohmann::json& record);

/// An SVG file: a line a case, a piece an allocation, and the diagonal where all of the theory came
/// true.
[[nodiscard]] std::string speed_figure(const nlohmann::json& record);

}  // namespace pollard
