// The table of declarations, and a configuration built in layers over it: defaults, TOML,
// overrides. Every refusal reads "ORIGIN: 'key' is VALUE, expected ...", ORIGIN being
// "configs/x.toml, line 12" or "command line".
#include "core/parameters.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <utility>

#include "core/files.h"
#include "core/nearest.h"
#include "core/parameter_values.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::string_view kBareName = ".name";

[[noreturn]] void bad_declaration(const Parameter& parameter, const std::string& why) {
  throw Error(ErrorCode::Internal, "parameter '" + parameter.key + "' " + why);
}

[[noreturn]] void unknown_key(const ParameterTable& table, std::string_view key,
                              std::string_view origin) {
  const std::string meant = nearest(key, table.keys());
  throw Error(
      ErrorCode::Config, fmt::format("{}: unknown key '{}'", origin, key),
      meant.empty() ? "`pollard parameters` lists the keys" : "did you mean '" + meant + "'?");
}

const Parameter& known(const ParameterTable& table, std::string_view key, std::string_view origin) {
  const Parameter* parameter = table.find(key);
  if (parameter == nullptr) unknown_key(table, key, origin);
  return *parameter;
}

[[noreturn]] void refuse(const Parameter& parameter, std::string_view value,
                         std::string_view origin) {
  const std::string meant = nearest(value, parameter.choices);
  const std::string fallback = to_text(parameter.fallback);
  throw Error(ErrorCode::Config,
              fmt::format("{}: '{}' is {}, expected {}", origin, parameter.key,
                          value.empty() ? "empty" : value, expected_text(parameter)),
              !meant.empty()     ? "did you mean '" + meant + "'?"
              : fallback.empty() ? "leave it out for the default, which is empty"
                                 : "leave it out for the default, " + fallback);
}

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

std::string shown(const toml::node& node) {
  std::ostringstream text;
  text << toml::node_view<const toml::node>(node);
  return text.str();
}

using Visit = std::function<void(const std::string& key, const toml::node& node)>;

// [train] epochs = 3, train.epochs = 3 and train = {epochs = 3} all visit "train.epochs".
void flatten(const toml::table& table, const std::string& prefix, const Visit& visit) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, key + ".", visit);
    } else {
      visit(key, node);
    }
  }
}

toml::table parse_toml(std::string_view text, std::string_view origin) {
  try {
    return toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::Config,
                fmt::format("{}, line {}: not valid TOML: {}", origin, error.source().begin.line,
                            error.description()),
                "a line reads key = value, text stands in double quotes, a key stands once");
  }
}

// The condition that keeps the parameter from counting; null where it counts.
const OnlyWith* unmet(const Config& config, const Parameter& parameter) {
  if (!parameter.only_with) return nullptr;
  const OnlyWith& condition = *parameter.only_with;
  const Parameter* other = config.table().find(condition.key);
  // A switch that has no effect itself switches nothing on.
  if (const OnlyWith* above = unmet(config, *other)) return above;
  const bool holds = std::ranges::any_of(condition.values, [&](const std::string& wanted) {
    return parse_value(wanted, other->fallback) == config.value(condition.key);
  });
  return holds ? nullptr : &condition;
}

template <typename T>
const T& typed(const Config& config, std::string_view key) {
  const T* value = std::get_if<T>(&config.value(key));
  if (value == nullptr) {
    throw Error(ErrorCode::Internal, fmt::format("parameter '{}' has another type", key));
  }
  return *value;
}

}  // namespace

ParameterTable& ParameterTable::add(Parameter parameter) {
  if (index_.contains(parameter.key)) bad_declaration(parameter, "is declared twice");
  if (!is_allowed(parameter, parameter.fallback)) {
    bad_declaration(parameter,
                    "has a default that it does not allow: " + to_text(parameter.fallback));
  }
  if (parameter.only_with) {
    // Declared before: so conditions form no circle, and help is read in order.
    const Parameter* other = find(parameter.only_with->key);
    if (other == nullptr)
      bad_declaration(parameter, "depends on one that is not declared before it");
    for (const std::string& value : parameter.only_with->values) {
      const auto parsed = parse_value(value, other->fallback);
      if (!parsed || !is_allowed(*other, *parsed)) {
        bad_declaration(parameter, "depends on an impossible value: " + value);
      }
    }
  }
  index_.emplace(parameter.key, parameters_.size());
  parameters_.push_back(std::move(parameter));
  return *this;
}

const Parameter* ParameterTable::find(std::string_view key) const {
  auto found = index_.find(key);
  if (found == index_.end() && key.ends_with(kBareName)) {
    key.remove_suffix(kBareName.size());
    if (toml_key(key) != key) found = index_.find(key);
  }
  return found == index_.end() ? nullptr : &parameters_[found->second];
}

std::string ParameterTable::toml_key(std::string_view key) const {
  const std::string group = std::string(key) + ".";
  const bool is_group = std::ranges::any_of(
      parameters_, [&](const Parameter& parameter) { return parameter.key.starts_with(group); });
  return std::string(key) + std::string(is_group ? kBareName : "");
}

std::vector<std::string> ParameterTable::keys() const {
  std::vector<std::string> keys;
  keys.reserve(parameters_.size());
  for (const Parameter& parameter : parameters_) keys.push_back(parameter.key);
  return keys;
}

Config::Config(const ParameterTable& table) : table_(&table) {
  for (const Parameter& parameter : table.all()) values_.emplace(parameter.key, parameter.fallback);
}

void Config::set(const Parameter& parameter, Value value, std::string_view origin) {
  if (!is_allowed(parameter, value)) refuse(parameter, to_text(value), origin);
  values_[parameter.key] = std::move(value);
  given_.insert(parameter.key);
}

void Config::read_toml(const std::filesystem::path& path) {
  read_toml_text(read_text(path), path.string());
}

void Config::read_toml_text(std::string_view text, std::string_view origin) {
  const toml::table document = parse_toml(text, origin);
  flatten(document, "", [&](const std::string& key, const toml::node& node) {
    const std::string place = fmt::format("{}, line {}", origin, node.source().begin.line);
    const Parameter& parameter = known(*table_, key, place);
    auto value = toml_value(node, parameter.fallback);
    if (!value) refuse(parameter, shown(node), place);
    set(parameter, std::move(*value), place);
  });
}

void Config::apply(std::string_view override_text) {
  constexpr std::string_view origin = "command line";
  const std::size_t equals = override_text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw Error(ErrorCode::Usage, fmt::format("{}: '{}' is not key=value", origin, override_text),
                "write for example train.epochs=3");
  }
  const Parameter& parameter = known(*table_, override_text.substr(0, equals), origin);
  const std::string_view text = override_text.substr(equals + 1);
  auto value = parse_value(text, parameter.fallback);
  if (!value) refuse(parameter, text, origin);
  set(parameter, std::move(*value), origin);
}

bool Config::effective(const Parameter& parameter) const {
  return unmet(*this, parameter) == nullptr;
}

void Config::check_effective() const {
  for (const Parameter& parameter : table_->all()) {
    if (!given(parameter.key)) continue;
    const OnlyWith* condition = unmet(*this, parameter);
    if (condition == nullptr) continue;
    throw Error(ErrorCode::Config,
                fmt::format("'{}' has no effect with {}={}", parameter.key, condition->key,
                            to_text(value(condition->key))),
                "it counts with " + condition_text(*condition));
  }
}

const Value& Config::value(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    throw Error(ErrorCode::Internal, fmt::format("no parameter '{}' is declared", key));
  }
  return found->second;
}

bool Config::flag(std::string_view key) const { return typed<bool>(*this, key); }
std::int64_t Config::integer(std::string_view key) const { return typed<std::int64_t>(*this, key); }
double Config::real(std::string_view key) const { return typed<double>(*this, key); }
const std::string& Config::text(std::string_view key) const {
  return typed<std::string>(*this, key);
}
const std::vector<double>& Config::list(std::string_view key) const {
  return typed<std::vector<double>>(*this, key);
}

}  // namespace pollard
