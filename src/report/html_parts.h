// What the pages of reports are made of. All text is escaped.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "report/table.h"

namespace pollard {

/// Up to the opening of <body>: character set, title, style, and `more` for the head.
[[nodiscard]] std::string html_head(std::string_view title, std::string_view more = {});
/// A number that stands by itself: what it is, the value, something small below.
[[nodiscard]] std::string html_card(std::string_view label, std::string_view value,
                                    std::string_view detail);
[[nodiscard]] std::string html_table(const TextTable& table);
/// Two columns, names and values; nested objects become dotted names.
[[nodiscard]] std::string html_pairs(const nlohmann::json& object);

}  // namespace pollard
