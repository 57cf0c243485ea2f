#include "speed/pinning.h"

#include <omp.h>
#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace pollard {
namespace {

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

// The same text for all CPUs of a core.
std::string core_of(int cpu) {
  std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                     "/topology/thread_siblings_list");
  std::string siblings;
  return std::getline(file, siblings) ? siblings : std::to_string(cpu);
}

// 0: the calling thread. What the system refuses stays as it is.
void allow(pid_t thread, std::span<const int> cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  if (!cpus.empty()) (void)sched_setaffinity(thread, sizeof set, &set);
}

std::set<pid_t> threads_of_process() {
  std::set<pid_t> threads;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", ignored))
    threads.insert(static_cast<pid_t>(std::stol(entry.path().filename().string())));
  return threads;
}

}  // namespace

std::vector<int> cpus_by_core() {
  std::map<std::string, int> seen;
  std::vector<std::pair<int, int>> ranked;  // how many of its core came before, CPU
  for (const int cpu : allowed_cpus()) ranked.emplace_back(seen[core_of(cpu)]++, cpu);
  std::ranges::sort(ranked);
  std::vector<int> cpus;
  for (const auto& [rank, cpu] : ranked) cpus.push_back(cpu);
  return cpus;
}

Pinning::Pinning(int threads) : all_(cpus_by_core()) {
  if (all_.empty()) return;
  for (int thread = 0; thread < threads; ++thread)
    cpus_.push_back(all_[static_cast<std::size_t>(thread) % all_.size()]);
#pragma omp parallel num_threads(threads)
  allow(0, std::span(cpus_).subspan(static_cast<std::size_t>(omp_get_thread_num()), 1));
}

Pinning::~Pinning() {
  for (const pid_t thread : threads_of_process()) allow(thread, all_);
}

void Pinning::around(const std::function<void()>& start) {
  if (cpus_.empty()) return start();
  const std::set<pid_t> before = threads_of_process();
  allow(0, cpus_);
  start();
  // In turn, but for the caller's CPU: of several teams of which the caller is a part, as many
  // contenders start them, each has its CPUs for itself.
  std::size_t next = 0;
  const std::size_t others = std::max<std::size_t>(1, cpus_.size() - 1);
  for (const pid_t thread : threads_of_process()) {
    if (before.contains(thread)) continue;
    allow(thread, std::span(cpus_).last(others).subspan(next++ % others, 1));
  }
  allow(0, std::span(cpus_).first(1));
}

}  // namespace pollard
