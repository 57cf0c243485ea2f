// Measured beside theoretical speedup of the networks that a grid left: what the paper did not
// have. Measuring is not done here: a record is given, as `pollard bench` makes it (speed/speed.h),
// whose networks name their configurations.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/paper/grid_results.h"
#include "report/paper/make_figure.h"
#include "report/paper/spec.h"
#include "report/table.h"

namespace pollard {

/// A finished configuration that is to be measured, and the line that it is on.
struct MeasuredRow {
  std::string line;
  ResultRow row;
};
/// Of each line and goal sparsity that of the smallest seed: seeds hardly differ on the clock.
[[nodiscard]] std::vector<MeasuredRow> rows_to_measure(const Spec& spec,
                                                       const ProfileResults& results);

/// The key of a record's networks that names the configuration.
inline constexpr const char* kMeasuredConfiguration = "configuration";
/// Whether the record's networks are these, in any order. Not so for null.
[[nodiscard]] bool is_record_of(const nlohmann::json& record,
                                const std::vector<MeasuredRow>& wanted);

/// Two panels a case (batch size, threads): measured speedup over the best dense network against
/// the theoretical one, and accuracy over the measured one. A null record gives empty panels.
[[nodiscard]] MadeFigure make_speed_figure(const Spec& spec, const ProfileResults& results,
                                           const nlohmann::json& record);
/// A line a network, plain numbers: line, settings' sparsity, top-1, theoretical speedup, and for
/// each case milliseconds, speedup and its share of the theoretical one; the configuration.
[[nodiscard]] TextTable measured_values(const Spec& spec, const ProfileResults& results,
                                        const nlohmann::json& record);

}  // namespace pollard
