#include "method/registry.h"

#include <algorithm>

#include "core/nearest.h"
#include "method/cs.h"
#include "method/dnw.h"
#include "method/dpf.h"
#include "method/dst.h"
#include "method/gmp.h"
#include "method/gsm.h"
#include "method/imp.h"
#include "method/lc.h"
#include "method/sparsity_target.h"
#include "method/str.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::unique_ptr<Method> make_dense(const Config&) {
  return std::make_unique<FixedMasks>(MaskSet());
}

constexpr MethodEntry kMethods[] = {
    {"dense", nullptr, make_dense}, {"cs", declare_cs, make_cs},    {"dnw", declare_dnw, make_dnw},
    {"dpf", declare_dpf, make_dpf}, {"dst", declare_dst, make_dst}, {"gmp", declare_gmp, make_gmp},
    {"gsm", declare_gsm, make_gsm}, {"lc", declare_lc, make_lc},    {"str", declare_str, make_str},
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
  declare_sparsity_target(table);
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
