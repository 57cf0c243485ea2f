// Values out of result.json and metrics lines, any of which may be missing, and how they are
// printed: a dash stands for what is not there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pollard {

using Keys = std::initializer_list<std::string_view>;

constexpr std::string_view kDash = "–";

/// The value under nested keys; null where there is none.
[[nodiscard]] const nlohmann::json& find_value(const nlohmann::json& object, Keys keys);
/// Finite numbers only.
[[nodiscard]] std::optional<double> find_number(const nlohmann::json& object, Keys keys);
/// "" where there is no text.
[[nodiscard]] std::string find_text(const nlohmann::json& object, Keys keys);

/// "0.310"
[[nodiscard]] std::string fixed(std::optional<double> value, int digits);
/// As short as it reads back: "5", "0.1".
[[nodiscard]] std::string shortest(std::optional<double> value);
/// All digits, as it reads back; "" where there is none. For programs.
[[nodiscard]] std::string plain(std::optional<double> value);
/// "26,834"
[[nodiscard]] std::string grouped(std::optional<double> value);
/// "6.39×"
[[nodiscard]] std::string times(std::optional<double> value);
/// A fraction as percent, two digits, without the sign.
[[nodiscard]] std::string percent(std::optional<double> fraction);

/// "1 run", "2 runs"
[[nodiscard]] std::string counted(std::size_t number, std::string_view what);

/// Text for XML and HTML, in elements and in quoted attributes.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace pollard
