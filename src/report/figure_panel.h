// The parts of a figure as SVG elements, each with its own colours and sizes as attributes: no
// style sheet, which not every program that converts SVG reads.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "report/figure_layout.h"
#include "report/figure_style.h"

namespace pollard {

constexpr std::string_view kInk = "#222222";
constexpr double kLineWidth = 1.6;

/// Lines of text below each other; `extra` are further attributes.
[[nodiscard]] std::string draw_block(const Block& block, std::string_view anchor, double size,
                                     std::string_view extra = {});

/// `clip` is the id of the path that keeps lines within the axes: unique in the file.
[[nodiscard]] std::string draw_panel(const Panel& panel, const PanelLayout& place,
                                     const std::map<std::string, LineLook>& looks,
                                     std::string_view clip);

}  // namespace pollard
