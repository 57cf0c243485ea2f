// The families that build_network knows, each in a file of its own. A builder is given one of its
// family's names.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/networks.h"

namespace pollard {

struct NetworkFamily {
  std::vector<std::string> names;
  Graph (*build)(std::string_view name, ImageShape input, std::int64_t classes,
                 const NetworkSettings& settings);
};

/// Of a family's table of layouts: the one with the name, which is there, and all names.
template <typename Table>
[[nodiscard]] const auto& layout_of(const Table& table, std::string_view name) {
  return *std::ranges::find_if(table, [name](const auto& each) { return each.name == name; });
}
template <typename Table>
[[nodiscard]] std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& each : table) names.emplace_back(each.name);
  return names;
}

[[nodiscard]] NetworkFamily cifar_resnets();
[[nodiscard]] NetworkFamily wide_resnets();
[[nodiscard]] NetworkFamily vggs();
[[nodiscard]] NetworkFamily imagenet_resnets();
[[nodiscard]] NetworkFamily mobilenets();
[[nodiscard]] NetworkFamily lenets();

}  // namespace pollard
