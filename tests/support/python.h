// Python's PyTorch, where there is one.
#pragma once

#include <cstdlib>
#include <string>

namespace pollard::test {

/// A Python that has PyTorch, or "".
inline std::string find_python() {
  for (const std::string python : {"/usr/bin/python3", "python3"}) {
    if (std::system((python + " -c 'import torch' >/dev/null 2>&1").c_str()) == 0) return python;
  }
  return "";
}

constexpr const char* kNoPython = "there is no python3 with torch (Debian: python3-torch)";

}  // namespace pollard::test
