// The conditions under which numbers came about: environment.json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pollard {

/// Sets the threads of LibTorch and OpenMP (0: all that are available) and returns the number.
int set_threads(int requested);

/// Versions, threads, BLAS, CPU and its flags, device, host memory.
[[nodiscard]] nlohmann::json describe_environment(const std::string& device);

/// The library that serves BLAS calls, such as "OpenBLAS 0.3.21", or "reference BLAS (slow)".
[[nodiscard]] std::string blas_name();

}  // namespace pollard
