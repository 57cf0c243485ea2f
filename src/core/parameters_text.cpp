// The texts that come from the table: config.toml, `--help` and docs/parameters.md. All three group
// the parameters by the first word of their keys, in order of declaration; keys of one word come
// first.
//
// In config.toml a parameter that does not count stands as a comment, so that reading the file back
// gives no key that has no effect.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "core/parameter_values.h"
#include "core/parameters.h"
#include "core/terminal_text.h"

namespace pollard {
namespace {

constexpr std::size_t kWidth = 100;

struct Group {
  std::string name;  // "" for keys of one word
  std::vector<const Parameter*> members;
};

std::string group_name(std::string_view key) {
  const std::size_t dot = key.find('.');
  return std::string(key.substr(0, dot == std::string_view::npos ? 0 : dot));
}

std::string name_in_group(std::string_view key) {
  return std::string(key.substr(key.find('.') + 1));
}

std::vector<Group> grouped(const ParameterTable& table) {
  std::vector<Group> groups = {{"", {}}};
  for (const Parameter& parameter : table.all()) {
    const std::string name = group_name(table.toml_key(parameter.key));
    auto group = std::ranges::find(groups, name, &Group::name);
    if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
    group->members.push_back(&parameter);
  }
  if (groups.front().members.empty()) groups.erase(groups.begin());
  return groups;
}

// Shortest text that reads back as the same double, and as a real: 1 is "1.0".
std::string real_text(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string list_text(const std::vector<double>& numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(real_text(number));
  return fmt::format("[{}]", join(texts));
}

// A basic string of TOML: in double quotes, with control characters escaped.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (code < 0x20 || code == 0x7F) {
      out += fmt::format("\\u{:04X}", code);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string toml_text(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? toml_string(*text) : to_text(value);
}

std::string shown_default(const Parameter& parameter) {
  const std::string text = to_text(parameter.fallback);
  return text.empty() ? "\"\"" : text;
}

// "only with train.schedule=step", or "" for a parameter that always counts.
std::string only_with_text(const Parameter& parameter) {
  return parameter.only_with ? "only with " + condition_text(*parameter.only_with) : "";
}

// "Epochs to train. (epochs; >= 1)", and after them what `last` says.
std::string explanation(const Parameter& parameter, const std::string& last = {}) {
  std::string range = range_text(parameter);
  if (!parameter.choices.empty()) range = "one of " + range;
  std::string notes;
  for (const std::string& note : {parameter.unit, range, last}) {
    if (!note.empty()) notes += (notes.empty() ? "" : "; ") + note;
  }
  return parameter.help + (notes.empty() ? "" : " (" + notes + ")");
}

void append_toml(std::string& out, const Config& config, const Parameter& parameter) {
  for (const std::string& line : wrap(explanation(parameter), kWidth - 2))
    out += "# " + line + "\n";
  const std::string assignment =
      fmt::format("{} = {}", name_in_group(config.table().toml_key(parameter.key)),
                  toml_text(config.value(parameter.key)));
  if (config.effective(parameter)) {
    out += assignment + "\n";
  } else {
    out += fmt::format("# {}   ({})\n", assignment, only_with_text(parameter));
  }
}

// The left column: as wide as the widest entry that is not unusually wide.
std::size_t left_width(const Group& group) {
  constexpr std::size_t usual = 40;
  std::size_t width = 0;
  for (const Parameter* parameter : group.members) {
    const std::size_t own = columns(parameter->key) + 1 + columns(shown_default(*parameter));
    if (own <= usual) width = std::max(width, own);
  }
  return width;
}

void append_help(std::string& out, const Parameter& parameter, std::size_t left) {
  const std::string about = explanation(parameter, only_with_text(parameter));
  const std::string entry = parameter.key + "=" + shown_default(parameter);
  const std::string indent(left + 4, ' ');
  std::string line;
  if (columns(entry) <= left) {
    line = "  " + entry + std::string(left - columns(entry), ' ') + "  ";
  } else {
    for (const std::string& part : wrap(entry, kWidth - 2)) out += "  " + part + "\n";
    line = indent;
  }
  std::vector<std::string> parts = wrap(about, kWidth - indent.size());
  if (parts.empty()) parts.emplace_back();
  for (const std::string& part : parts) {
    out += line + part + "\n";
    line = indent;
  }
}

// A cell of a Markdown table: a bar would end it, a line break would end the table.
std::string cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c == '\n' ? ' ' : c;
  }
  return cell;
}

std::string code(std::string_view text) { return fmt::format("`{}`", cell(text)); }

std::string markdown_row(const Parameter& parameter) {
  std::string meaning = parameter.help;
  if (parameter.only_with)
    meaning += " Only with " + code(condition_text(*parameter.only_with)) + ".";
  if (!parameter.identity) {
    meaning += parameter.last_bits ? " Changes results in their last bits only."
                                   : " Does not change results.";
  }
  return fmt::format("| {} | {} | {} | {} | {} |\n", code(parameter.key),
                     code(shown_default(parameter)), cell(parameter.unit),
                     cell(range_text(parameter)), cell(meaning));
}

}  // namespace

std::string to_text(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, bool>) return held ? "true" : "false";
        if constexpr (std::is_same_v<Held, std::int64_t>) return std::to_string(held);
        if constexpr (std::is_same_v<Held, double>) return real_text(held);
        if constexpr (std::is_same_v<Held, std::string>) return held;
        if constexpr (std::is_same_v<Held, std::vector<double>>) return list_text(held);
      },
      value);
}

std::string Config::to_toml() const {
  std::string out = "# Every parameter, with the value in effect.\n";
  for (const Group& group : grouped(*table_)) {
    out += group.name.empty() ? "\n" : "\n[" + group.name + "]\n";
    for (const Parameter* parameter : group.members) append_toml(out, *this, *parameter);
  }
  return out;
}

std::string help_text(const ParameterTable& table) {
  std::string out;
  for (const Group& group : grouped(table)) {
    if (!out.empty()) out += "\n";
    out += (group.name.empty() ? "general" : group.name) + ":\n";
    const std::size_t left = left_width(group);
    for (const Parameter* parameter : group.members) append_help(out, *parameter, left);
  }
  return out;
}

std::string parameters_markdown(const ParameterTable& table) {
  std::string out =
      "# Parameters\n\n"
      "*Generated by `pollard parameters --markdown`; do not edit it by hand.*\n\n"
      "A configuration is the defaults below, then a TOML file, then `key=value` overrides in "
      "order.\n"
      "In TOML, `train.epochs` is `epochs` in the table `[train]`. A range is written `[low, "
      "high]`; a\n"
      "round bracket leaves its end out.\n";
  for (const Group& group : grouped(table)) {
    out += "\n## " + (group.name.empty() ? "general" : group.name) + "\n\n";
    out += "| key | default | unit | range | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const Parameter* parameter : group.members) out += markdown_row(*parameter);
  }
  return out;
}

}  // namespace pollard
