// "Did you mean": the candidate with the smallest edit distance.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pollard {

/// The nearest candidate (Levenshtein), or "" where none is near enough to be meant.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace pollard
