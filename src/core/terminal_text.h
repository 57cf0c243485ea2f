// Text that must fit a terminal: its width, cutting and wrapping. A column is a Unicode code point
// (double-width and combining characters are not told apart; we write none).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// Columns that UTF-8 text takes.
[[nodiscard]] std::size_t columns(std::string_view text);

/// The longest start of `text` that takes at most `width` columns.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t width);

/// Lines of at most `width` columns, broken at spaces; a longer word is broken where it must be.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// With spaces for line breaks and codes for the terminal, which text from files may hold.
[[nodiscard]] std::string without_codes(std::string text);

/// Whether the text is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace pollard
