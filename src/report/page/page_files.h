// The style and the script of report.html, as the build took them from page.css and page.js.
#pragma once

#include <string_view>

namespace pollard {

[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();

}  // namespace pollard
