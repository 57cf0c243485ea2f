// What a worker says on its standard output: a line of JSON with its bar, every second or so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/progress_format.h"

namespace pollard {

/// With the line's end.
[[nodiscard]] std::string worker_line(const BarState& bar);
/// None for a line that is no bar.
[[nodiscard]] std::optional<BarState> parse_worker_line(std::string_view line);

}  // namespace pollard
