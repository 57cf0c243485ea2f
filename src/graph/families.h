// The families that build_network knows, each in a file of its own. A builder is given one of its
// family's names.
#pragma once

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

[[nodiscard]] NetworkFamily cifar_resnets();
[[nodiscard]] NetworkFamily wide_resnets();
[[nodiscard]] NetworkFamily vggs();
[[nodiscard]] NetworkFamily imagenet_resnets();
[[nodiscard]] NetworkFamily mobilenets();
[[nodiscard]] NetworkFamily lenets();

}  // namespace pollard
