// Parts of bench.json, any of which may be missing.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "report/values.h"

namespace pollard {

/// The array under the key; an empty one where there is none.
[[nodiscard]] inline const nlohmann::json& find_list(const nlohmann::json& object,
                                                     std::string_view key) {
  static const nlohmann::json kNone = nlohmann::json::array();
  const nlohmann::json& value = find_value(object, {key});
  return value.is_array() ? value : kNone;
}

[[nodiscard]] inline std::string case_name(const nlohmann::json& one) {
  const auto threads = find_number(one, {"threads"});
  return fmt::format("batch {}, {} thread{}", shortest(find_number(one, {"batch"})),
                     shortest(threads), threads == 1 ? "" : "s");
}

/// Of the network that an entry belongs to; null where it belongs to none.
[[nodiscard]] inline const nlohmann::json& network_of(const nlohmann::json& record,
                                                      const nlohmann::json& entry) {
  static const nlohmann::json kNone;
  const nlohmann::json& networks = find_list(record, "networks");
  const auto number = find_number(entry, {"network"});
  if (!number || *number < 0 || *number >= static_cast<double>(networks.size())) return kNone;
  return networks[static_cast<std::size_t>(*number)];
}

[[nodiscard]] inline std::optional<double> ratio(std::optional<double> a, std::optional<double> b) {
  return a && b && *b != 0 ? std::optional(*a / *b) : std::nullopt;
}

[[nodiscard]] inline std::optional<double> theory_of(const nlohmann::json& record,
                                                     const nlohmann::json& entry) {
  return find_number(network_of(record, entry), {"theoretical_speedup"});
}

/// Both kinds of contenders of a case: visit(entry, the milliseconds that count).
template <typename Visit>
void each_contender(const nlohmann::json& one, const Visit& visit) {
  for (const auto& entry : find_list(one, "dense")) visit(entry, find_number(entry, {"best_ms"}));
  for (const auto& entry : find_list(one, "sparse"))
    visit(entry, find_number(entry, {"median_ms"}));
}

[[nodiscard]] inline std::optional<double> images_per_second(const nlohmann::json& one,
                                                             std::optional<double> milliseconds) {
  return ratio(find_number(one, {"batch"}), ratio(milliseconds, 1e3));
}

}  // namespace pollard
