// Settings as TOML writes them: [train] epochs = 3, train.epochs = 3 and train = {epochs = 3} are
// all the setting "train.epochs". For sources: toml++ is much to include.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/parameters.h"

namespace pollard {

/// Throws Error{Config} with `origin` and line.
[[nodiscard]] toml::table parse_toml(std::string_view text, std::string_view origin);

/// Each setting, in order of the keys.
using VisitSetting = std::function<void(const std::string& key, const toml::node& node)>;
void visit_settings(const toml::table& document, const VisitSetting& found);

/// The node's value, for a parameter of `like`'s type; none where it is of another type.
[[nodiscard]] std::optional<Value> toml_value(const toml::node& node, const Value& like);

/// "configs/x.toml, line 12".
[[nodiscard]] std::string place_of(const toml::node& node, std::string_view origin);

/// The node as TOML, for messages.
[[nodiscard]] std::string toml_text(const toml::node& node);

}  // namespace pollard
