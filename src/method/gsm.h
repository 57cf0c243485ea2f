// Global Sparse Momentum: see gsm.cpp and docs/methods/gsm.md.
#pragma once

#include <memory>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

void declare_gsm(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_gsm(const Config& config);

}  // namespace pollard
