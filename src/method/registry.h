// Methods by name. A new method is one file in this folder and one line in registry.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

/// What a method's file tells of it.
struct MethodEntry {
  std::string_view name;
  /// Declares its settings, called "method.NAME.KEY", with only_with train.method=NAME. May be
  /// null.
  void (*declare)(ParameterTable& table) = nullptr;
  std::unique_ptr<Method> (*make)(const Config& config) = nullptr;
};

/// The method that `train.method` names. Throws Error{Config} naming the nearest for an unknown
/// one.
[[nodiscard]] std::unique_ptr<Method> make_method(std::string_view name, const Config& config);
[[nodiscard]] std::vector<std::string> method_names();
/// Declares the settings of all methods.
void declare_methods(ParameterTable& table);

}  // namespace pollard
