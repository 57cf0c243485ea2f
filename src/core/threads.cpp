#include "core/threads.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace pollard {
namespace {

// cgroup v2 writes "quota period" in microseconds, or "max period" where there is no limit.
int quota_threads() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::ceil(std::stod(quota) / period)));
}

}  // namespace

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int threads = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (const int quota = quota_threads(); quota > 0) threads = std::min(threads, quota);
  return std::max(1, threads);
}

int resolve_threads(int requested) { return requested > 0 ? requested : available_threads(); }

}  // namespace pollard
