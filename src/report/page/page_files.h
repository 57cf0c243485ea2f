// The style of report.html and the parts of its script, as the build took them from page.css,
// chart.js, page.js and table.js.
#pragma once

#include <string_view>

namespace pollard {

[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view chart_script();
[[nodiscard]] std::string_view page_script();
[[nodiscard]] std::string_view table_script();

}  // namespace pollard
