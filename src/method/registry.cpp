#include "method/registry.h"

#include <algorithm>

#include "core/nearest.h"
#include "method/imp.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using Maker = std::unique_ptr<Method> (*)();

struct Entry {
  std::string_view name;
  Maker make;
};

constexpr Entry kMethods[] = {
    {"dense", [] { return std::unique_ptr<Method>(std::make_unique<FixedMasks>(MaskSet())); }},
};

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kMethods) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Method> make_method(std::string_view name) {
  for (const Entry& entry : kMethods) {
    if (entry.name == name) return entry.make();
  }
  const std::string meant = nearest(name, method_names());
  throw Error(ErrorCode::Config, "train.method='" + std::string(name) + "' is not a method",
              meant.empty() ? "dense is one" : "did you mean '" + meant + "'?");
}

}  // namespace pollard
