#include "report/paper/spec_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/nearest.h"
#include "core/parameter_values.h"
#include "core/toml_settings.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// As settings write it; none of lists and dates.
std::optional<std::string> setting_text(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return text;
  if (const auto whole = node.value_exact<std::int64_t>()) return to_text(Value(*whole));
  if (const auto number = node.value_exact<double>()) return to_text(Value(*number));
  if (const auto flag = node.value_exact<bool>()) return to_text(Value(*flag));
  return {};
}

std::optional<std::vector<std::string>> text_list(const toml::node& node) {
  std::vector<std::string> texts;
  if (!node.is_array()) return {};
  for (const toml::node& element : *node.as_array()) {
    const auto text = element.value_exact<std::string>();
    if (!text) return {};
    texts.push_back(*text);
  }
  return texts;
}

}  // namespace

void SpecSection::refuse(std::string_view key, const std::string& what,
                         const std::string& hint) const {
  const toml::node* node = find(key);
  const toml::node& place = node == nullptr ? static_cast<const toml::node&>(*table_) : *node;
  throw Error(ErrorCode::Config, place_of(place, *origin_) + ": " + what, hint);
}

void SpecSection::unexpected(std::string_view key, const std::string& expected) const {
  refuse(key, fmt::format("'{}{}' is {}", name_, key, toml_text(*find(key))),
         "expected " + expected);
}

void SpecSection::allow(const std::vector<std::string>& keys) const {
  for (const auto& [name, node] : *table_) {
    const std::string key(name.str());
    if (std::ranges::find(keys, key) != keys.end()) continue;
    const std::string meant = nearest(key, keys);
    refuse(key, fmt::format("unknown key '{}{}'", name_, key),
           meant.empty() ? "there are " + join(keys) : fmt::format("did you mean '{}'?", meant));
  }
}

void SpecSection::require_one_of(std::string_view key, const std::string& word,
                                 std::string_view what,
                                 const std::vector<std::string>& choices) const {
  if (std::ranges::find(choices, word) != choices.end()) return;
  const std::string meant = nearest(word, choices);
  refuse(key, fmt::format("'{}{}' is '{}', which is no {}", name_, key, word, what),
         meant.empty() ? "expected one of " + join(choices)
                       : fmt::format("did you mean '{}'?", meant));
}

std::optional<std::string> SpecSection::text(std::string_view key) const {
  if (!has(key)) return {};
  const auto text = find(key)->value_exact<std::string>();
  if (!text) unexpected(key, "text in double quotes");
  return text;
}

std::string SpecSection::required_text(std::string_view key) const {
  const auto found = text(key);
  if (!found || found->empty())
    refuse(key, fmt::format("'{}{}' is missing", name_, key), "expected text in double quotes");
  return *found;
}

std::optional<std::string> SpecSection::word(std::string_view key,
                                             const std::vector<std::string>& choices) const {
  const auto found = text(key);
  if (found) require_one_of(key, *found, "choice", choices);
  return found;
}

std::optional<double> SpecSection::number(std::string_view key, double low, double high) const {
  if (!has(key)) return {};
  const auto value = toml_value(*find(key), Value(0.0));
  const double number = value ? std::get<double>(*value) : std::nan("");
  if (!(number >= low && number <= high)) {
    const bool any = low == std::numeric_limits<double>::lowest();
    unexpected(key, any ? "a number" : fmt::format("a number in [{}, {}]", low, high));
  }
  return number;
}

std::optional<std::size_t> SpecSection::count(std::string_view key) const {
  if (!has(key)) return {};
  const auto whole = find(key)->value_exact<std::int64_t>();
  if (!whole || *whole < 0 || *whole > 1000) unexpected(key, "a whole number in [0, 1000]");
  return static_cast<std::size_t>(*whole);
}

std::optional<bool> SpecSection::flag(std::string_view key) const {
  if (!has(key)) return {};
  const auto flag = find(key)->value_exact<bool>();
  if (!flag) unexpected(key, "true or false");
  return flag;
}

std::vector<std::string> SpecSection::texts(std::string_view key) const {
  if (!has(key)) return {};
  auto found = text_list(*find(key));
  if (!found) unexpected(key, "a list of texts in double quotes");
  return *std::move(found);
}

std::vector<std::vector<std::string>> SpecSection::text_rows(std::string_view key) const {
  std::vector<std::vector<std::string>> rows;
  if (!has(key)) return rows;
  const std::string expected = "a list of lists of texts in double quotes";
  if (!find(key)->is_array()) unexpected(key, expected);
  for (const toml::node& row : *find(key)->as_array()) {
    auto found = text_list(row);
    if (!found) unexpected(key, expected);
    rows.push_back(*std::move(found));
  }
  return rows;
}

std::vector<double> SpecSection::numbers(std::string_view key, double low, double high) const {
  if (!has(key)) return {};
  const auto value = toml_value(*find(key), Value(std::vector<double>()));
  const auto fits = [&](double number) { return number >= low && number <= high; };
  if (!value || !std::ranges::all_of(std::get<std::vector<double>>(*value), fits))
    unexpected(key, fmt::format("a list of numbers in [{}, {}]", low, high));
  return std::get<std::vector<double>>(*value);
}

void SpecSection::require_setting(std::string_view place, const std::string& key) const {
  std::vector<std::string> known(settings_.begin(), settings_.end());
  if (known.empty()) return;
  known.emplace_back("sweep.variant");
  require_one_of(place, key, "setting", known);
}

std::vector<std::string> SpecSection::setting_keys(std::string_view key) const {
  std::vector<std::string> keys = texts(key);
  for (const std::string& one : keys) require_setting(key, one);
  return keys;
}

RowFilter SpecSection::filter(std::string_view key) const {
  RowFilter filter;
  if (!has(key)) return filter;
  const std::string expected = "settings and their values: prune.sparsity = [0.9, 0.95]";
  if (!find(key)->is_table()) unexpected(key, expected);
  visit_settings(*find(key)->as_table(), [&](const std::string& spelt, const toml::node& node) {
    const std::string setting = spelt == "data.name" ? "data" : spelt;  // as in configurations
    require_setting(key, setting);
    std::vector<std::string>& values = filter[setting];
    const auto add = [&](const toml::node& value) {
      const auto text = setting_text(value);
      if (!text) unexpected(key, expected);
      values.push_back(*text);
    };
    if (node.is_array()) {
      for (const toml::node& value : *node.as_array()) add(value);
    } else {
      add(node);
    }
  });
  return filter;
}

std::vector<SpecSection> SpecSection::sections(const std::string& key) const {
  std::vector<SpecSection> found;
  if (!has(key)) return found;
  const toml::array* tables = find(key)->as_array();
  const auto is_table = [](const toml::node& node) { return node.is_table(); };
  if (tables == nullptr || !std::all_of(tables->begin(), tables->end(), is_table))
    unexpected(key, fmt::format("tables, each under [[{}{}]]", name_, key));
  for (const toml::node& table : *tables)
    found.emplace_back(*table.as_table(), name_ + key + ".", *origin_, settings_);
  return found;
}

}  // namespace pollard
