// Numbers and words in SVG text. How wide words will be nobody knows before they are drawn: fonts
// differ. They are taken as wide as in DejaVu Sans, the widest of the common ones, or a little
// wider, so that what is laid out by these numbers does not overlap in another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// Pixels with at most one digit after the point.
[[nodiscard]] std::string px(double value);

/// The width of a line of text in pixels, for a font of `size` pixels.
[[nodiscard]] double text_width(std::string_view text, double size, bool bold = false);

/// Lines at most `width` pixels wide, broken at spaces; a longer word is broken where it must be.
/// A line holds a character at least, however narrow it should be.
[[nodiscard]] std::vector<std::string> fit_lines(std::string_view text, double width, double size,
                                                 bool bold = false);

}  // namespace pollard
