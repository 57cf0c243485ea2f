// Threads fixed to CPUs while something is measured, so that the system does not move them about
// and one thread means one core.
#pragma once

#include <functional>
#include <set>
#include <vector>

namespace pollard {

/// The CPUs this process may run on: one of each core first, then their siblings.
[[nodiscard]] std::vector<int> cpus_by_core();

/// The calling thread and the OpenMP team of `threads` stay on one CPU each, of the first
/// cpus_by_core(); with more threads than CPUs they share these in turn. At the end every thread of
/// the process may run everywhere again. A system that allows no pinning is taken as it is.
class Pinning {
 public:
  explicit Pinning(int threads);
  ~Pinning();
  Pinning(const Pinning&) = delete;
  Pinning& operator=(const Pinning&) = delete;

  /// Calls `start` with the caller free to use all the CPUs of this measurement, then fixes what
  /// threads it started to one each. Where there are several CPUs, the caller's stays the caller's.
  void around(const std::function<void()>& start);

  [[nodiscard]] const std::vector<int>& cpus() const { return cpus_; }

 private:
  std::vector<int> all_, cpus_;  // `cpus_`: one a thread
};

}  // namespace pollard
