// SVG as PDF, for papers: one page of the drawing's size, lines as lines and text as text.
#pragma once

#include <string>
#include <string_view>

namespace pollard {

/// Whether Pollard was built with librsvg, without which there are no PDFs.
[[nodiscard]] bool pdf_available();

/// A whole PDF file (1.4, which LaTeX of any age takes), a pixel of the drawing being 1/96 inch.
/// The same SVG gives the same bytes on a machine whose fonts and libraries stay the same: the file
/// has no date. Throws Error: Usage where PDFs are not available, Input where the text is no SVG or
/// the drawing has no size, Internal where drawing fails.
[[nodiscard]] std::string svg_to_pdf(std::string_view svg);

}  // namespace pollard
