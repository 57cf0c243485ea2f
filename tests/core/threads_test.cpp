#include "core/threads.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace pollard {
namespace {

TEST(Threads, AskedForIsGiven) {
  EXPECT_EQ(resolve_threads(1), 1);
  EXPECT_EQ(resolve_threads(7), 7);
}

TEST(Threads, NotAskedForIsWhatTheMachineHas) {
  EXPECT_EQ(resolve_threads(0), available_threads());
  EXPECT_GE(available_threads(), 1);
  EXPECT_LE(available_threads(), CPU_SETSIZE);
}

TEST(Threads, TheAffinityMaskCounts) {
  // Affinity is per thread: a thread of its own leaves the rest of the tests alone.
  int seen = 0;
  std::thread pinned([&] {
    cpu_set_t all;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    }
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    seen = available_threads();
  });
  pinned.join();
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace pollard
