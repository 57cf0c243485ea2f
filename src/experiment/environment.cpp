#include "experiment/environment.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <omp.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/threads.h"

namespace pollard {
namespace {

// "model name : X" of /proc/cpuinfo.
std::string cpu_field(std::string_view field) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(field)) continue;
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos) return line.substr(std::min(line.size(), colon + 2));
  }
  return {};
}

std::vector<std::string> simd_flags() {
  std::istringstream flags(cpu_field("flags"));
  std::vector<std::string> found;
  for (std::string flag; flags >> flag;) {
    const bool simd = flag == "fma" || flag.starts_with("avx") || flag.starts_with("amx") ||
                      flag.starts_with("sse4");
    if (simd) found.push_back(flag);
  }
  return found;
}

// LibTorch tells which kernels it picked only in its description of itself.
std::string aten_capability() {
  constexpr std::string_view label = "CPU capability usage: ";
  const std::string config = at::show_config();
  const std::size_t at = config.find(label);
  if (at == std::string::npos) return "unknown";
  const std::size_t start = at + label.size();
  return config.substr(start, config.find_first_of(" \n", start) - start);
}

// The library that multiplies matrices, with what it depends on. LAPACK's may be another: it can
// bring OpenBLAS into a process whose products are computed by the reference BLAS.
void* blas_library() {
  Dl_info place;
  void* const product = dlsym(RTLD_DEFAULT, "sgemm_");
  if (product == nullptr || dladdr(product, &place) == 0) return RTLD_DEFAULT;
  void* const library = dlopen(place.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  return library == nullptr ? RTLD_DEFAULT : library;
}

}  // namespace

int set_threads(int requested) {
  const int threads = resolve_threads(requested);
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  return threads;
}

std::string blas_name() {
  using Config = const char* (*)();
  void* const library = blas_library();
  if (void* symbol = dlsym(library, "openblas_get_config"); symbol != nullptr) {
    return std::string(reinterpret_cast<Config>(symbol)());
  }
  if (dlsym(library, "mkl_get_version_string") != nullptr) return "MKL";
  if (dlsym(library, "bli_info_get_version_str") != nullptr) return "BLIS";
  return "reference BLAS (slow; install libopenblas0-openmp)";
}

nlohmann::json describe_environment(const std::string& device) {
  return {
      {"pollard", POLLARD_VERSION},
      {"libtorch", TORCH_VERSION},
      {"compiler", __VERSION__},
      {"threads", at::get_num_threads()},
      {"available_threads", available_threads()},
      {"blas", blas_name()},
      {"cpu", cpu_field("model name")},
      {"cpu_flags", simd_flags()},
      {"aten_cpu_capability", aten_capability()},
      {"memory_bytes", static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE)},
      {"device", device}};
}

}  // namespace pollard
