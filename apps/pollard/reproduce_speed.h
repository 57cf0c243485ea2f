// What a specification of kind "speed" measures: the networks that the store has of its grid.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiment/store/store.h"
#include "pollard/progress.h"
#include "report/paper/grid_results.h"
#include "report/paper/spec.h"
#include "reproduction.h"

namespace pollard::app {

/// ID.json in the output folder, where it is of these networks; else all of them are measured in
/// turns (numbers of different runs cannot be compared) and written there. With --draw nothing is
/// measured. Null where there is nothing, or no network to measure.
[[nodiscard]] nlohmann::json measured_speed(const Spec& spec, const ProfileResults& results,
                                            const Reproduction& reproduction, const Store& store,
                                            Progress& progress);

}  // namespace pollard::app
