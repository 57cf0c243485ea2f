// The settings of retraining's learning rates and of what computes it, `retrain.*`.
#pragma once

#include "core/parameters.h"

namespace pollard {

/// retrain.schedule and every key that one of the schedules reads.
void add_retraining_rates(ParameterTable& table);
void add_retraining_engine(ParameterTable& table);

}  // namespace pollard
