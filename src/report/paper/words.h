// Settings as readers of a paper know them: "ft" is FT, "uniform+" is Uniform+, "resnet56" is
// ResNet-56.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/groups.h"

namespace pollard {

/// "FT", "ResNet-56", "90 %", "3 cycles"; of keys that have no words of their own the value as it
/// stands.
[[nodiscard]] std::string value_words(std::string_view key, std::string_view value);
/// As a line's name: as value_words(), but a bare value has its key before it.
[[nodiscard]] std::string named_value(std::string_view key, std::string_view value);

/// The words of all values that the rows have: "FT / SLR"; a dash where there are none.
[[nodiscard]] std::string all_words(std::span<const ResultRow> rows, const std::string& key);

/// Replaces {key} by the words of its values among the rows, {network} by
/// those of model and data. Of no rows: {network} by `grid`, other keys by a dash.
[[nodiscard]] std::string filled_title(std::string_view title, std::span<const ResultRow> rows,
                                       const std::string& grid);

}  // namespace pollard
