// The table of declarations, and a configuration built in layers over it: defaults, TOML,
// overrides. Every refusal reads "ORIGIN: 'key' is VALUE, expected ...", ORIGIN being
// "configs/x.toml, line 12" or "command line".
#include "core/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/files.h"
#include "core/nearest.h"
#include "core/parameter_values.h"
#include "core/toml_settings.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::string_view kBareName = ".name";

[[noreturn]] void bad_declaration(const Parameter& parameter, const std::string& why) {
  throw Error(ErrorCode::Internal, "parameter '" + parameter.key + "' " + why);
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

const Parameter& ParameterTable::known(std::string_view key, std::string_view origin) const {
  if (const Parameter* parameter = find(key)) return *parameter;
  const std::string meant = nearest(key, keys());
  throw Error(
      ErrorCode::Config, fmt::format("{}: unknown key '{}'", origin, key),
      meant.empty() ? "`pollard parameters` lists the keys" : "did you mean '" + meant + "'?");
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
  if (!is_allowed(parameter, value)) refuse_value(parameter, to_text(value), origin);
  values_[parameter.key] = std::move(value);
  given_.insert(parameter.key);
}

void Config::read_toml(const std::filesystem::path& path) {
  read_toml_text(read_text(path), path.string());
}

void Config::read_toml_text(std::string_view text, std::string_view origin) {
  const toml::table document = parse_toml(text, origin);
  visit_settings(document, [&](const std::string& key, const toml::node& node) {
    const std::string place = place_of(node, origin);
    const Parameter& parameter = table_->known(key, place);
    auto value = toml_value(node, parameter.fallback);
    if (!value) refuse_value(parameter, toml_text(node), place);
    set(parameter, std::move(*value), place);
  });
}

void Config::apply(std::string_view override_text) {
  constexpr std::string_view origin = "command line";
  const auto [key, text] = split_override(override_text);
  const Parameter& parameter = table_->known(key, origin);
  auto value = parse_value(text, parameter.fallback);
  if (!value) refuse_value(parameter, text, origin);
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
