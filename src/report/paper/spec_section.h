// A table of a specification's file, read key by key: what is not asked for in allow() is an error,
// and so is a value of another type. For sources: toml++ is much to include.
#pragma once

#include <toml++/toml.h>

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/paper/spec.h"

namespace pollard {

class SpecSection {
 public:
  /// `name`: how messages call its keys: "panel.". `settings`: keys that filters may have; none:
  /// any. All outlive it.
  SpecSection(const toml::table& table, std::string name, const std::string& origin,
              std::span<const std::string> settings)
      : table_(&table), name_(std::move(name)), origin_(&origin), settings_(settings) {}

  /// Throws where there is another key, naming the nearest of these.
  void allow(const std::vector<std::string>& keys) const;
  [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }

  // Each throws Error{Config} with file, line, key and what was expected; without the key they give
  // nothing or an empty list.
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::string required_text(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> word(std::string_view key,
                                                const std::vector<std::string>& choices) const;
  [[nodiscard]] std::optional<double> number(
      std::string_view key, double low = std::numeric_limits<double>::lowest(),
      double high = std::numeric_limits<double>::max()) const;
  [[nodiscard]] std::optional<std::size_t> count(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] std::vector<std::vector<std::string>> text_rows(std::string_view key) const;
  [[nodiscard]] std::vector<double> numbers(std::string_view key, double low, double high) const;
  /// Of setting keys, each checked.
  [[nodiscard]] std::vector<std::string> setting_keys(std::string_view key) const;
  [[nodiscard]] RowFilter filter(std::string_view key) const;
  /// [[key]]
  [[nodiscard]] std::vector<SpecSection> sections(const std::string& key) const;

  /// Of a key, or of the section where it has no such key.
  [[noreturn]] void refuse(std::string_view key, const std::string& what,
                           const std::string& hint) const;
  /// Refuses unless `word` is one of `choices`: "'KEY' is 'WORD', which is no WHAT".
  void require_one_of(std::string_view key, const std::string& word, std::string_view what,
                      const std::vector<std::string>& choices) const;

 private:
  [[nodiscard]] const toml::node* find(std::string_view key) const { return table_->get(key); }
  [[noreturn]] void unexpected(std::string_view key, const std::string& expected) const;
  void require_setting(std::string_view place, const std::string& key) const;

  const toml::table* table_;
  std::string name_;
  const std::string* origin_;
  std::span<const std::string> settings_;
};

}  // namespace pollard
