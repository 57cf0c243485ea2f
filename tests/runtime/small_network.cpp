// small_network FILE: writes a small pruned network, for programs that are to run one.
#include <cstdio>
#include <exception>

#include "core/files.h"
#include "runtime/runtime_case.h"

int main(int argc, char** argv) {
  try {
    if (argc == 2) pollard::write_file(argv[1], pollard::test::RuntimeCase().bytes);
    return argc == 2 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
