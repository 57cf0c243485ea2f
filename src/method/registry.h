// Methods by name. A new method is one file in this folder and one line in registry.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/method.h"

namespace pollard {

/// The method that `train.method` names. Throws Error{Config} naming the nearest for an unknown
/// one.
[[nodiscard]] std::unique_ptr<Method> make_method(std::string_view name);
[[nodiscard]] std::vector<std::string> method_names();

}  // namespace pollard
