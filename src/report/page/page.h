// report.html of many runs: one file that opens offline, with a script of its own that makes its
// plots and tables answer, and that reads well without.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "report/page/page_view.h"

namespace pollard {

/// `date` stands below the title, if it is not "". Nothing is loaded from elsewhere.
[[nodiscard]] std::string render_page(const PageView& view, std::string_view date);

/// The same for `pollard serve`: it asks for news (served_data()). Its scripts bear `nonce`.
[[nodiscard]] std::string render_served_page(const PageView& view, std::string_view nonce);
/// page_data(), and the parts of the page that are no plots anew.
[[nodiscard]] nlohmann::json served_data(const PageView& view);

}  // namespace pollard
