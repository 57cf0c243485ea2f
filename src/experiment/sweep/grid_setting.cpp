#include "experiment/sweep/grid_setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/parameter_values.h"
#include "core/toml_settings.h"
#include "pollard/error.h"

namespace pollard {
namespace {

bool is_list(const Parameter& parameter) {
  return std::holds_alternative<std::vector<double>>(parameter.fallback);
}

// Patterns and paths, where a comma may be part of the text.
bool is_free_text(const Parameter& parameter) {
  return std::holds_alternative<std::string>(parameter.fallback) && parameter.choices.empty();
}

Value allowed(const Parameter& parameter, std::optional<Value> value, std::string_view shown,
              std::string_view place) {
  if (!value) refuse_value(parameter, shown, place);
  if (!is_allowed(parameter, *value)) refuse_value(parameter, to_text(*value), place);
  return std::move(*value);
}

void require_values(const GridSetting& setting) {
  if (!setting.values.empty()) return;
  throw Error(ErrorCode::Config,
              fmt::format("{}: '{}' is a list of no values", setting.place, setting.parameter->key),
              "an axis of a sweep has one value at least; leave it out for the default");
}

const toml::array* axis_of(const Parameter& parameter, const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr || !is_list(parameter)) return array;
  const bool nested =
      std::ranges::all_of(*array, [](const toml::node& element) { return element.is_array(); });
  return nested && !array->empty() ? array : nullptr;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What stands in the brackets, if they are around it all.
std::optional<std::string_view> in_brackets(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  return trim(text.substr(1, text.size() - 2));
}

// At the commas that stand neither in brackets nor in double quotes.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> items;
  if (text.empty()) return items;
  int depth = 0;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    const bool end = i == text.size();
    if (c == '"') quoted = !quoted;
    if (!quoted && c == '[') ++depth;
    if (!quoted && c == ']') --depth;
    if (!end && (c != ',' || quoted || depth > 0)) continue;
    items.push_back(trim(text.substr(start, i - start)));
    start = i + 1;
  }
  return items;
}

// The values' texts, where the text is of an axis.
std::optional<std::vector<std::string_view>> axis_items(const Parameter& parameter,
                                                        std::string_view text) {
  const auto inside = in_brackets(text);
  if (is_list(parameter)) {
    if (!inside || !inside->starts_with('[')) return std::nullopt;
    return split(*inside);
  }
  if (inside) {
    std::vector<std::string_view> items = split(*inside);
    for (std::string_view& item : items) {
      if (item.size() >= 2 && item.front() == '"' && item.back() == '"')
        item = item.substr(1, item.size() - 2);
    }
    return items;
  }
  if (is_free_text(parameter) || text.find(',') == std::string_view::npos) return std::nullopt;
  return split(text);
}

}  // namespace

GridSetting read_setting(const Parameter& parameter, const toml::node& node,
                         std::string_view origin) {
  const toml::array* const axis = axis_of(parameter, node);
  GridSetting setting{
      .parameter = &parameter, .axis = axis != nullptr, .place = place_of(node, origin)};
  const auto add = [&](const toml::node& value) {
    setting.values.push_back(allowed(parameter, toml_value(value, parameter.fallback),
                                     toml_text(value), place_of(value, origin)));
  };
  if (axis == nullptr) {
    add(node);
  } else {
    for (const toml::node& value : *axis) add(value);
  }
  require_values(setting);
  return setting;
}

GridSetting parse_setting(const Parameter& parameter, std::string_view text) {
  const auto items = axis_items(parameter, text);
  GridSetting setting{.parameter = &parameter,
                      .axis = items.has_value(),
                      .place = "command line",
                      .from_command = true};
  for (const std::string_view item : items.value_or(std::vector{text})) {
    setting.values.push_back(
        allowed(parameter, parse_value(item, parameter.fallback), item, setting.place));
  }
  require_values(setting);
  return setting;
}

}  // namespace pollard
