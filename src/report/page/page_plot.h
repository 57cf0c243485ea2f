// The plot that stands in the page before its script draws its own, and in its place where scripts
// do not run: accuracy over sparsity, with whiskers from the worst to the best seed.
#pragma once

#include <string>

#include "report/page/page_view.h"

namespace pollard {

/// An SVG element and its legend; "" where there is nothing to draw. What a point is appears when
/// the pointer rests on it.
[[nodiscard]] std::string page_plot(const PageView& view);

}  // namespace pollard
