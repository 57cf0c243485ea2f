// The settings of retraining's learning rates, `retrain.*`, and of the engines, `*.engine`.
#pragma once

#include "core/parameters.h"

namespace pollard {

/// retrain.schedule and every key that one of the schedules reads.
void add_retraining_rates(ParameterTable& table);
void add_retraining_engine(ParameterTable& table);
void add_training_engine(ParameterTable& table);

}  // namespace pollard
