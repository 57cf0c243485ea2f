#include "report/values.h"

#include <fmt/format.h>

#include <cmath>

#include "core/terminal_text.h"

namespace pollard {
namespace {

std::string dash() { return std::string(kDash); }

}  // namespace

const nlohmann::json& find_value(const nlohmann::json& object, Keys keys) {
  static const nlohmann::json kNone;
  const nlohmann::json* value = &object;
  for (const std::string_view key : keys) {
    if (!value->is_object()) return kNone;
    const auto found = value->find(key);
    if (found == value->end()) return kNone;
    value = &*found;
  }
  return *value;
}

std::optional<double> find_number(const nlohmann::json& object, Keys keys) {
  const nlohmann::json& value = find_value(object, keys);
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string find_text(const nlohmann::json& object, Keys keys) {
  const nlohmann::json& value = find_value(object, keys);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string fixed(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : dash();
}

std::string shortest(std::optional<double> value) {
  return value ? fmt::format("{:g}", *value) : dash();
}

std::string plain(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

std::string grouped(std::optional<double> value) {
  if (!value) return dash();
  std::string digits = fmt::format("{:.0f}", std::abs(*value));
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, 1, ',');
  return *value < 0 ? "-" + digits : digits;
}

std::string times(std::optional<double> value) {
  return value ? fmt::format("{:.2f}×", *value) : dash();
}

std::string percent(std::optional<double> fraction) {
  return fraction ? fixed(100 * *fraction, 2) : dash();
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string escape(std::string_view text) {
  const bool utf8 = is_utf8(text);
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      result += '?';  // XML has no such characters
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace pollard
