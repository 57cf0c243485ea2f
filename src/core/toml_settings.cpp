#include "core/toml_settings.h"

#include <fmt/format.h>

#include <cstdint>
#include <sstream>
#include <vector>

#include "core/toml_depth.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// TOML's integers are numbers too, so "lr = 1" is a real; nothing else is converted.
std::optional<double> toml_real(const toml::node& node) {
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* number = node.as_integer()) return static_cast<double>(number->get());
  return std::nullopt;
}

std::optional<Value> toml_list(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<double> numbers;
  for (const toml::node& element : *array) {
    const auto number = toml_real(element);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

[[noreturn]] void refuse_depth(std::string_view origin, std::size_t line) {
  throw Error(
      ErrorCode::Config,
      fmt::format("{}, line {}: a key of more than {} names", origin, line, kMostNamesInKey),
      "a key has a name or two, as in train.epochs = 3");
}

void visit(const toml::table& table, const std::string& prefix, std::size_t names,
           const VisitSetting& found) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      if (names == kMostNamesInKey) {  // by braces
        const toml::source_region& source = node.source();
        refuse_depth(source.path ? *source.path : "TOML", source.begin.line);
      }
      visit(*inner, key + ".", names + 1, found);
    } else {
      found(key, node);
    }
  }
}

}  // namespace

toml::table parse_toml(std::string_view text, std::string_view origin) {
  if (const DottedKey deep = find_deep_key(text); deep.names > 0) refuse_depth(origin, deep.line);
  try {
    return toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::Config,
                fmt::format("{}, line {}: not valid TOML: {}", origin, error.source().begin.line,
                            error.description()),
                "a line reads key = value, text stands in double quotes, a key stands once");
  }
}

void visit_settings(const toml::table& document, const VisitSetting& found) {
  visit(document, "", 1, found);
}

std::optional<Value> toml_value(const toml::node& node, const Value& like) {
  if (std::holds_alternative<std::vector<double>>(like)) return toml_list(node);
  if (std::holds_alternative<double>(like)) {
    const auto number = toml_real(node);
    return number ? std::optional<Value>(*number) : std::nullopt;
  }
  if (std::holds_alternative<bool>(like) && node.is_boolean()) return node.as_boolean()->get();
  if (std::holds_alternative<std::int64_t>(like) && node.is_integer())
    return node.as_integer()->get();
  if (std::holds_alternative<std::string>(like) && node.is_string()) return node.as_string()->get();
  return std::nullopt;
}

std::string place_of(const toml::node& node, std::string_view origin) {
  return fmt::format("{}, line {}", origin, node.source().begin.line);
}

std::string toml_text(const toml::node& node) {
  std::ostringstream text;
  text << toml::node_view<const toml::node>(node);
  return text.str();
}

}  // namespace pollard
