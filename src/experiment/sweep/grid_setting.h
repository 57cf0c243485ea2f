// A setting of a sweep: a parameter with one value, or with several, an axis.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"

namespace pollard {

struct GridSetting {
  const Parameter* parameter = nullptr;
  std::vector<Value> values = {};  // one where it is no axis
  bool axis = false;
  std::string place = {};     // "sweep.toml, line 3" or "command line"
  bool from_command = false;  // not from the file
};

/// Throws Error{Config} naming the line for values that the parameter does not allow.
[[nodiscard]] GridSetting read_setting(const Parameter& parameter, const toml::node& node,
                                       std::string_view origin);
/// The same of an override's text, what stands after '='.
[[nodiscard]] GridSetting parse_setting(const Parameter& parameter, std::string_view text);

}  // namespace pollard
