// Which of the builds of the kernels this CPU can run.
#include "sparse/kernels.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "pollard/error.h"

namespace pollard::sparse {

#if defined(POLLARD_X86)
namespace avx512 {
extern const Kernels kernels;
}
namespace avx2 {
extern const Kernels kernels;
}
#endif
namespace plain {
extern const Kernels kernels;
}

namespace {

std::vector<const Kernels*> find_kernels() {
  std::vector<const Kernels*> all;
#if defined(POLLARD_X86)
  if (__builtin_cpu_supports("avx512f") != 0) all.push_back(&avx512::kernels);
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0)
    all.push_back(&avx2::kernels);
#endif
  all.push_back(&plain::kernels);
  const char* wanted = std::getenv("POLLARD_ISA");
  if (wanted == nullptr || *wanted == '\0') return all;
  for (const Kernels* kernels : all) {
    if (kernels->name == wanted) return {kernels};
  }
  throw Error(ErrorCode::Config,
              "POLLARD_ISA='" + std::string(wanted) + "' is not to be had on this CPU",
              "use avx512, avx2 or plain, or leave it unset");
}

}  // namespace

std::span<const Kernels* const> available_kernels() {
  static const std::vector<const Kernels*> all = find_kernels();
  return all;
}

}  // namespace pollard::sparse
