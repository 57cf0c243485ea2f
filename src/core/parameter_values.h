// One parameter's value: read from an override's text, checked against its declaration, and the
// words for what was expected.
//
// An override writes a bool as true or false, a number in decimal (1, 0.5, 1e-4), text as it stands
// (no quotes), and a list as "[0.5, 0.75]" or "0.5,0.75".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/parameters.h"

namespace pollard {

/// "key=value" in its two parts. Throws Error{Usage}.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_override(std::string_view text);

/// The value that `text` writes for a parameter of `like`'s type; none where it writes none.
[[nodiscard]] std::optional<Value> parse_value(std::string_view text, const Value& like);

/// Whether the value is finite, in range, and one of the choices or a file.
[[nodiscard]] bool is_allowed(const Parameter& parameter, const Value& value);

/// ">= 1", "[0, 1)", "step, cosine", or "" where everything goes.
[[nodiscard]] std::string range_text(const Parameter& parameter);

/// "a whole number >= 1", "one of step, cosine" ...
[[nodiscard]] std::string expected_text(const Parameter& parameter);

/// Throws Error{Config}: "ORIGIN: 'key' is VALUE, expected ...".
[[noreturn]] void refuse_value(const Parameter& parameter, std::string_view value,
                               std::string_view origin);

/// "train.schedule=step", or "train.schedule=step or linear".
[[nodiscard]] std::string condition_text(const OnlyWith& condition);

/// "a, b, c"; `last` goes between the last two: "a, b or c".
[[nodiscard]] std::string join(const std::vector<std::string>& words, std::string_view last = ", ");

}  // namespace pollard
