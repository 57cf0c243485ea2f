// Learning-Compression: see lc.cpp and docs/methods/lc.md.
#pragma once

#include <memory>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

void declare_lc(ParameterTable& table);
/// Throws Error{Config} where train.epochs has no room for method.lc.steps, or nothing decays.
[[nodiscard]] std::unique_ptr<Method> make_lc(const Config& config);

}  // namespace pollard
