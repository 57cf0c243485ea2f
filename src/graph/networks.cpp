// The networks by name: which family has it, and what is refused before anything is built.

#include "pollard/networks.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/nearest.h"
#include "graph/families.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::vector<NetworkFamily> families() {
  return {cifar_resnets(), wide_resnets(), vggs(), imagenet_resnets(), mobilenets(), lenets()};
}

}  // namespace

Graph build_network(std::string_view name, ImageShape input, std::int64_t classes,
                    const NetworkSettings& settings) {
  if (classes < 1) {
    throw Error(ErrorCode::Config,
                fmt::format("{}: {} classes, expected at least 1", name, classes));
  }
  for (const NetworkFamily& family : families()) {
    if (std::ranges::find(family.names, name) != family.names.end())
      return family.build(name, input, classes, settings);
  }
  const std::vector<std::string> names = network_names();
  const std::string meant = nearest(name, names);
  throw Error(ErrorCode::Config, fmt::format("unknown network '{}'", name),
              meant.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                            : fmt::format("did you mean '{}'?", meant));
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const NetworkFamily& family : families())
    names.insert(names.end(), family.names.begin(), family.names.end());
  return names;
}

}  // namespace pollard
