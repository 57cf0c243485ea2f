#include "speed/pinning.h"

#include <gtest/gtest.h>
#include <omp.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/threads.h"

namespace pollard {
namespace {

// The CPUs that the calling thread may use.
std::vector<int> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(Pinning, KnowsEveryCpuOnce) {
  std::vector<int> cpus = cpus_by_core();
  std::ranges::sort(cpus);
  EXPECT_EQ(cpus, own_cpus());
}

TEST(Pinning, GivesEachThreadOfATeamACpu) {
  const std::vector<int> before = own_cpus();
  const int threads = static_cast<int>(std::min<std::size_t>(before.size(), 2));
  std::vector<std::vector<int>> seen(static_cast<std::size_t>(threads));
  {
    const Pinning pinning(threads);
    ASSERT_EQ(pinning.cpus().size(), seen.size());
#pragma omp parallel num_threads(threads)
    seen[static_cast<std::size_t>(omp_get_thread_num())] = own_cpus();
    for (std::size_t i = 0; i < seen.size(); ++i)
      EXPECT_EQ(seen[i], std::vector{pinning.cpus()[i]}) << i;
  }
  EXPECT_EQ(own_cpus(), before);
#pragma omp parallel num_threads(threads)
  seen[static_cast<std::size_t>(omp_get_thread_num())] = own_cpus();
  for (const auto& cpus : seen) EXPECT_EQ(cpus, before);
}

TEST(Pinning, FixesThreadsThatAreStartedWithin) {
  if (cpus_by_core().size() < 2) GTEST_SKIP() << "a single CPU";
  std::vector<int> at_start, later;
  std::atomic<bool> look{false};
  std::unique_ptr<std::jthread> thread;
  {
    Pinning pinning(2);
    pinning.around([&] {
      at_start = own_cpus();
      thread = std::make_unique<std::jthread>([&] {
        look.wait(false);
        later = own_cpus();
      });
    });
    look = true;
    look.notify_all();
    thread.reset();
    EXPECT_EQ(at_start.size(), 2u);  // what is measured at the start has all threads' CPUs
    EXPECT_EQ(later, std::vector{pinning.cpus()[1]});
    EXPECT_EQ(own_cpus(), std::vector{pinning.cpus()[0]});
  }
}

TEST(Pinning, LeavesTheCallersCpuToTheCallerWhereSeveralTeamsAreStarted) {
  if (cpus_by_core().size() < 2) GTEST_SKIP() << "a single CPU";
  std::array<std::vector<int>, 3> later;
  std::atomic<bool> look{false};
  std::vector<std::jthread> threads;
  Pinning pinning(2);
  pinning.around([&] {
    for (auto& own : later) {
      threads.emplace_back([&] {
        look.wait(false);
        own = own_cpus();
      });
    }
  });
  look = true;
  look.notify_all();
  threads.clear();
  for (const auto& own : later) EXPECT_EQ(own, std::vector{pinning.cpus()[1]});
}

}  // namespace
}  // namespace pollard
