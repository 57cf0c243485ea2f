// The settings of retraining's learning rates, `retrain.*`.
#pragma once

#include "core/parameters.h"

namespace pollard {

/// retrain.schedule and every key that one of the schedules reads.
void add_retraining_rates(ParameterTable& table);

}  // namespace pollard
