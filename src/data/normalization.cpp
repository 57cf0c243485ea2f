// Means and standard deviations of the pixels (scaled to [0, 1]) of the usual data sets.
#include <fmt/format.h>

#include <array>

#include "core/nearest.h"
#include "pollard/batches.h"
#include "pollard/error.h"

namespace pollard {
namespace {

struct Named {
  const char* name;
  Normalization values;
};

const std::array<Named, 6>& table() {
  static const std::array<Named, 6> entries = {{
      {"cifar10", {{0.4914F, 0.4822F, 0.4465F}, {0.2023F, 0.1994F, 0.2010F}}},
      {"cifar100", {{0.5071F, 0.4867F, 0.4408F}, {0.2675F, 0.2565F, 0.2761F}}},
      {"cifar", {{0.4914F, 0.4822F, 0.4465F}, {0.2023F, 0.1994F, 0.2010F}}},
      {"imagenet", {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}}},
      {"fashion-mnist", {{0.2860F}, {0.3530F}}},
      {"mnist", {{0.1307F}, {0.3081F}}},
  }};
  return entries;
}

}  // namespace

std::vector<std::string> normalization_names() {
  std::vector<std::string> names;
  for (const Named& entry : table()) names.emplace_back(entry.name);
  names.emplace_back("none");
  return names;
}

Normalization normalization(std::string_view name, std::int64_t channels) {
  if (name == "none") {
    const auto count = static_cast<std::size_t>(channels);
    return {std::vector<float>(count, 0.0F), std::vector<float>(count, 1.0F)};
  }
  for (const Named& entry : table()) {
    if (name != entry.name) continue;
    if (static_cast<std::int64_t>(entry.values.mean.size()) == channels) return entry.values;
    throw Error(ErrorCode::Config,
                fmt::format("the normalization '{}' is for {} channel(s), the images have {}", name,
                            entry.values.mean.size(), channels),
                "choose the one of the data set, or 'none'");
  }
  const std::vector<std::string> known = normalization_names();
  const std::string near = nearest(name, known);
  throw Error(ErrorCode::Config, fmt::format("unknown normalization '{}'", name),
              near.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                           : fmt::format("did you mean '{}'?", near));
}

}  // namespace pollard
