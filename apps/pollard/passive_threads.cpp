#include "passive_threads.h"

#include <unistd.h>

#include <cstdlib>
#include <initializer_list>

namespace pollard::app {

void wait_passively(char** arguments) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}) {
    if (std::getenv(name) != nullptr) return;
  }
  if (setenv("OMP_WAIT_POLICY", "passive", 1) == 0) execv("/proc/self/exe", arguments);
}

}  // namespace pollard::app
