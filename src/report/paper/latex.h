// Text for LaTeX.
#pragma once

#include <string>
#include <string_view>

namespace pollard {

/// UTF-8 with its special characters escaped; signs that our tables use (±, ×, –, †, ‡) become
/// commands that need no package.
[[nodiscard]] std::string latex_text(std::string_view text);

}  // namespace pollard
