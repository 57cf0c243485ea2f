#include "core/parameter_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "core/nearest.h"
#include "core/terminal_text.h"
#include "pollard/error.h"

namespace pollard {
namespace {

// The whole text as one number; from_chars knows no locale and reports overflow.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::vector<double>> parse_list(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = trim(text.substr(1, text.size() - 2));
    if (text.empty()) return std::vector<double>{};
  }
  std::vector<double> numbers;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto number = parse_number<double>(trim(text.substr(0, comma)));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    if (comma == std::string_view::npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool in_range(const Parameter& parameter, double number) {
  if (!std::isfinite(number)) return false;
  const auto& [low, high] = std::pair(parameter.minimum, parameter.maximum);
  if (low && (parameter.minimum_open ? number <= *low : number < *low)) return false;
  return !(high && (parameter.maximum_open ? number >= *high : number > *high));
}

}  // namespace

std::pair<std::string_view, std::string_view> split_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw Error(ErrorCode::Usage, fmt::format("command line: '{}' is not key=value", text),
                "write for example train.epochs=3");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::optional<Value> parse_value(std::string_view text, const Value& like) {
  const auto as_value = [](auto parsed) {
    return parsed ? std::optional<Value>(*parsed) : std::nullopt;
  };
  if (std::holds_alternative<bool>(like)) return as_value(parse_flag(text));
  if (std::holds_alternative<std::int64_t>(like)) return as_value(parse_number<std::int64_t>(text));
  if (std::holds_alternative<double>(like)) return as_value(parse_number<double>(text));
  if (std::holds_alternative<std::vector<double>>(like)) return as_value(parse_list(text));
  return std::optional<Value>(std::in_place, std::in_place_type<std::string>, text);
}

bool is_allowed(const Parameter& parameter, const Value& value) {
  if (value.index() != parameter.fallback.index()) return false;
  if (const auto* text = std::get_if<std::string>(&value)) {
    // config.toml could not hold anything but UTF-8.
    if (!is_utf8(*text)) return false;
    const std::string& ending = parameter.file_ending;
    return parameter.choices.empty() ||
           std::ranges::find(parameter.choices, *text) != parameter.choices.end() ||
           (!ending.empty() && text->size() > ending.size() && text->ends_with(ending));
  }
  if (const auto* number = std::get_if<double>(&value)) return in_range(parameter, *number);
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return in_range(parameter, static_cast<double>(*number));
  }
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    return std::ranges::all_of(*numbers,
                               [&](double number) { return in_range(parameter, number); });
  }
  return true;
}

std::string range_text(const Parameter& parameter) {
  if (!parameter.choices.empty()) {
    return join(parameter.choices) +
           (parameter.file_ending.empty() ? "" : ", or a file *" + parameter.file_ending);
  }
  const auto& [low, high] = std::pair(parameter.minimum, parameter.maximum);
  if (low && high) {
    return fmt::format("{}{}, {}{}", parameter.minimum_open ? '(' : '[', *low, *high,
                       parameter.maximum_open ? ')' : ']');
  }
  if (low) return fmt::format("{} {}", parameter.minimum_open ? ">" : ">=", *low);
  if (high) return fmt::format("{} {}", parameter.maximum_open ? "<" : "<=", *high);
  return "";
}

std::string expected_text(const Parameter& parameter) {
  if (!parameter.choices.empty()) return "one of " + range_text(parameter);
  if (std::holds_alternative<bool>(parameter.fallback)) return "true or false";
  if (std::holds_alternative<std::string>(parameter.fallback)) return "text (UTF-8)";
  std::string expected = "a finite number";
  if (std::holds_alternative<std::int64_t>(parameter.fallback)) expected = "a whole number";
  if (std::holds_alternative<std::vector<double>>(parameter.fallback))
    expected = "a list of numbers";
  const std::string range = range_text(parameter);
  if (range.empty()) return expected;
  return expected + (parameter.minimum && parameter.maximum ? " in " : " ") + range;
}

void refuse_value(const Parameter& parameter, std::string_view value, std::string_view origin) {
  const std::string meant = nearest(value, parameter.choices);
  const std::string fallback = to_text(parameter.fallback);
  throw Error(ErrorCode::Config,
              fmt::format("{}: '{}' is {}, expected {}", origin, parameter.key,
                          value.empty() ? "empty" : value, expected_text(parameter)),
              !meant.empty()     ? "did you mean '" + meant + "'?"
              : fallback.empty() ? "leave it out for the default, which is empty"
                                 : "leave it out for the default, " + fallback);
}

std::string condition_text(const OnlyWith& condition) {
  return condition.key + "=" + join(condition.values, " or ");
}

std::string join(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : std::string_view(", ");
    text += words[i];
  }
  return text;
}

}  // namespace pollard
