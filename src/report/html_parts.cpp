#include "report/html_parts.h"

#include <fmt/format.h>

#include "report/page/page_files.h"
#include "report/values.h"

namespace pollard {
namespace {

std::string value_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return std::string(kDash);
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void add_pairs(std::string& html, const std::string& prefix, const nlohmann::json& object) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && !value.empty()) {
      add_pairs(html, prefix + key + ".", value);
      continue;
    }
    html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(prefix + key),
                        escape(value_text(value)));
  }
}

}  // namespace

std::string html_head(std::string_view title, std::string_view more) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>{}</title>\n{}<style>\n{}</style>\n</head>\n",
      escape(title), more, page_style());
}

std::string html_card(std::string_view label, std::string_view value, std::string_view detail) {
  return fmt::format("<div class=\"card\"><small>{}</small><b>{}</b><small>{}</small></div>\n",
                     escape(label), escape(value), escape(detail));
}

std::string html_table(const TextTable& table) {
  const auto align = [&](std::size_t i) {  // the first column stands left anyway
    return i > 0 && table.columns[i].align == Align::Left ? " class=\"left\"" : "";
  };
  std::string html = "<div class=\"wide\"><table>\n<thead><tr>";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", align(i), escape(table.columns[i].header));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      html += fmt::format("<td{}>{}</td>", align(i), escape(row[i]));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string html_pairs(const nlohmann::json& object) {
  std::string html = "<div class=\"wide\"><table class=\"pairs\"><tbody>\n";
  add_pairs(html, "", object);
  return html + "</tbody></table></div>\n";
}

}  // namespace pollard
