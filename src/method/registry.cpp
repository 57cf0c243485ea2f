#include "method/registry.h"

#include <algorithm>

#include "core/nearest.h"
#include "method/dnw.h"
#include "method/dpf.h"
#include "method/gmp.h"
#include "method/gsm.h"
#include "method/imp.h"
#include "method/lc.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::unique_ptr<Method> make_dense(const Config&) {
  return std::make_unique<FixedMasks>(MaskSet());
}

constexpr MethodEntry kMethods[] = {
    {"dense", nullptr, make_dense},
    {"dnw", declare_dnw, make_dnw},
    {"dpf", declare_dpf, make_dpf},
    {"gmp", declare_gmp, make_gmp},
    {"gsm", declare_gsm, make_gsm},
    {"lc", declare_lc, make_lc},
};

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodEntry& entry : kMethods) names.emplace_back(entry.name);
  return names;
}

void declare_methods(ParameterTable& table) {
  for (const MethodEntry& entry : kMethods) {
    if (entry.declare != nullptr) entry.declare(table);
  }
}

std::unique_ptr<Method> make_method(std::string_view name, const Config& config) {
  for (const MethodEntry& entry : kMethods) {
    if (entry.name == name) return entry.make(config);
  }
  const std::string meant = nearest(name, method_names());
  throw Error(ErrorCode::Config, "train.method='" + std::string(name) + "' is not a method",
              meant.empty() ? "dense is one" : "did you mean '" + meant + "'?");
}

}  // namespace pollard
