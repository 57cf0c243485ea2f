// One declaration a parameter: default, unit, range, help. The parser, `--help` and
// docs/parameters.md come from it, and so does the complete config.toml of a run.
//
// A configuration is built in layers: defaults, then a TOML file, then `key=value` overrides in
// order. Unknown keys name the nearest valid one; a key given by the user that cannot take effect
// (its `only_with` does not hold, or the verb does not read it) is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pollard {

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

/// The key counts only where `key` has one of `values`.
struct OnlyWith {
  std::string key;
  std::vector<std::string> values;
};

struct Parameter {
  std::string key;   // "train.batch_size"
  Value fallback;    // the default; its type is the parameter's type
  std::string unit;  // "epochs", "fraction", "" ...
  std::string help;  // one sentence
  std::optional<double> minimum = {},
                        maximum = {};  // inclusive, for numbers and each number of a list
  bool minimum_open = false, maximum_open = false;  // then exclusive
  std::vector<std::string> choices = {};            // for strings
  std::string file_ending = {};                     // beside the choices: a file whose name ends so
  std::optional<OnlyWith> only_with = {};
  bool identity = true;  // false: does not change results (output folder, data path, intervals) ...
  bool last_bits = false;  // ... but for their last bits (threads)
};

/// The declared parameters, in order of declaration.
class ParameterTable {
 public:
  ParameterTable& add(Parameter parameter);
  [[nodiscard]] const std::vector<Parameter>& all() const { return parameters_; }
  /// "data.name" is another name for "data" where other keys begin with "data.": TOML, unlike
  /// overrides, cannot hold a value and a table of one name.
  [[nodiscard]] const Parameter* find(std::string_view key) const;
  /// As find(); throws Error{Config} beginning with `origin` and naming the nearest key.
  [[nodiscard]] const Parameter& known(std::string_view key, std::string_view origin) const;
  /// The key as TOML spells it.
  [[nodiscard]] std::string toml_key(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys() const;

 private:
  std::vector<Parameter> parameters_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// A complete set of values for a table.
class Config {
 public:
  explicit Config(const ParameterTable& table);

  /// Reads a TOML file (tables are dotted keys). Throws Error{Config} with file and line.
  void read_toml(const std::filesystem::path& path);
  void read_toml_text(std::string_view text, std::string_view origin);
  /// Applies "key=value". Throws Error{Config}; an unknown key names the nearest.
  void apply(std::string_view override_text);
  /// Gives a parameter of the table a value. Throws Error{Config} beginning with `origin`.
  void set(const Parameter& parameter, Value value, std::string_view origin);
  /// Throws where the user gave a key that has no effect: its only_with does not hold.
  void check_effective() const;

  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] double real(std::string_view key) const;
  [[nodiscard]] const std::string& text(std::string_view key) const;
  [[nodiscard]] const std::vector<double>& list(std::string_view key) const;
  [[nodiscard]] const Value& value(std::string_view key) const;
  /// Did a file or an override set it?
  [[nodiscard]] bool given(std::string_view key) const { return given_.contains(std::string(key)); }
  [[nodiscard]] std::set<std::string> given_keys() const { return given_; }
  /// Whether the key counts, given the other values.
  [[nodiscard]] bool effective(const Parameter& parameter) const;

  /// The complete configuration as TOML; read_toml_text(to_toml()) gives it back exactly.
  [[nodiscard]] std::string to_toml() const;
  [[nodiscard]] const ParameterTable& table() const { return *table_; }

 private:
  const ParameterTable* table_;
  std::map<std::string, Value, std::less<>> values_;
  std::set<std::string> given_;
};

/// A value as TOML and overrides write it.
[[nodiscard]] std::string to_text(const Value& value);

/// For `--help`: the parameters of `keys` (all if empty), grouped by their first word.
[[nodiscard]] std::string help_text(const ParameterTable& table);
/// docs/parameters.md, whole.
[[nodiscard]] std::string parameters_markdown(const ParameterTable& table);

}  // namespace pollard
