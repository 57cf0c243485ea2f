// The settings of `pollard bench`, `bench.*`.
#pragma once

#include "core/parameters.h"

namespace pollard {

void add_speed_parameters(ParameterTable& table);

}  // namespace pollard
