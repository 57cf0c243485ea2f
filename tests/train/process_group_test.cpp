// Three ranks, as threads that are connected like processes; what a process that is killed leaves
// behind is tested with processes in tests/apps/data_parallel_test.cpp.
#include "train/process_group.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/timing.h"
#include "support/team.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using namespace std::chrono_literals;
using test::run_team;
using test::run_team_with_errors;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ProcessGroup, SumsAndTakesTheLargest) {
  run_team(3, [](ProcessGroup& group) {
    const double rank = group.rank();
    EXPECT_EQ(group.size(), 3);
    std::array<double, 2> values = {rank, 1};
    group.sum(values, "a sum");
    EXPECT_THAT(values, ElementsAre(3, 3));
    std::array<double, 2> others = {rank, -rank};
    group.maximum(others, "a maximum");
    EXPECT_THAT(others, ElementsAre(2, 0));
    group.barrier("the end");
  });
}

TEST(ProcessGroup, SumsInTheBackground) {
  run_team(3, [](ProcessGroup& group) {
    at::Tensor first = at::full({1000}, group.rank() + 1.0), second = at::ones({3});
    const auto one = group.start_sum(first, "the first"),
               two = group.start_sum(second, "the second");
    two->wait();
    one->wait();
    EXPECT_TRUE(first.eq(6).all().item<bool>());
    EXPECT_TRUE(second.eq(3).all().item<bool>());
  });
}

TEST(ProcessGroup, BroadcastsAndGathers) {
  run_team(3, [](ProcessGroup& group) {
    const int rank = group.rank();
    std::array<std::byte, 2> bytes = {std::byte(rank + 5), std::byte(rank)};
    group.broadcast(bytes, "bytes");
    EXPECT_THAT(bytes, ElementsAre(std::byte(5), std::byte(0)));
    EXPECT_THAT(group.gather(std::string(static_cast<std::size_t>(rank), 'x'), "texts"),
                ElementsAre("", "x", "xx"));
    EXPECT_THAT(group.gather("", "nothing"), ElementsAre("", "", ""));
    EXPECT_EQ(group.from_leader(rank == 0 ? "torch" : "sparse", "the choice"), "torch");
  });
}

TEST(ProcessGroup, NamesRanksThatDiffer) {
  const auto errors = run_team_with_errors(3, [](ProcessGroup& group) {
    group.require_same("same", "weights");
    group.require_same(group.rank() == 1 ? "odd" : "even", "masks");
  });
  for (const auto& error : errors) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::Peer);
    EXPECT_STREQ(error->what(), "the masks of rank 1 (odd) are not those of rank 0 (even)");
  }
}

TEST(ProcessGroup, SaysAtOnceThatARankIsGone) {
  const Stopwatch watch;
  const auto errors = run_team_with_errors(3, [](ProcessGroup& group) {
    group.barrier("the start");
    if (group.rank() != 1) group.barrier("the end of a step");
  });
  EXPECT_LT(watch.seconds(), 10);
  EXPECT_FALSE(errors[1]);
  for (const std::size_t rank : {0, 2}) {
    ASSERT_TRUE(errors[rank]);
    EXPECT_EQ(errors[rank]->code(), ErrorCode::Peer);
    EXPECT_THAT(errors[rank]->what(),
                HasSubstr("rank " + std::to_string(rank) +
                          " of 3 waited for the end of a step and lost the others: "));
    EXPECT_THAT(errors[rank]->hint(), HasSubstr("--resume"));
  }
}

TEST(ProcessGroup, GivesUpOnARankThatHangs) {
  const Stopwatch watch;
  const auto errors = run_team_with_errors(2,
                                           [](ProcessGroup& group) {
                                             if (group.rank() == 0)
                                               return group.barrier("the end of a step");
                                             std::this_thread::sleep_for(5s);
                                           },
                                           {.timeout = 1s});
  ASSERT_TRUE(errors[0]);
  EXPECT_EQ(errors[0]->code(), ErrorCode::Peer);
  EXPECT_THAT(errors[0]->what(), HasSubstr("waited for the end of a step"));
  EXPECT_LT(watch.seconds(), 20);
}

TEST(ProcessGroup, NamesTheRankThatDoesNotCome) {
  const std::uint16_t port = test::free_port();
  const Error error = thrown_by([&] {
    (void)join_process_group(test::meeting(0, 2, port), {.timeout = 1s, .join_timeout = 1s});
  });
  EXPECT_EQ(error.code(), ErrorCode::Peer);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("rank 0 of 2 did not meet the others at 127.0.0.1:"),
                                  HasSubstr("rank 1 did not come within 1 s")));
}

TEST(ProcessGroup, SaysThatAPortIsTaken) {
  c10d::TCPStoreOptions options;
  options.port = test::free_port();
  options.isServer = true;
  options.waitWorkers = false;
  const c10d::TCPStore taken("127.0.0.1", options);
  const Error error = thrown_by([&] {
    (void)join_process_group(test::meeting(0, 2, options.port),
                             {.timeout = 1s, .join_timeout = 1s});
  });
  EXPECT_EQ(error.code(), ErrorCode::Peer);
  EXPECT_THAT(error.what(), HasSubstr("rank 0 of 2 did not meet the others"));
  EXPECT_THAT(error.hint(), HasSubstr("a port that is free"));
}

TEST(ProcessGroup, MeetsWhereTheLauncherListens) {
  c10d::TCPStoreOptions options;
  options.port = test::free_port();
  options.isServer = true;
  options.waitWorkers = false;
  const c10d::TCPStore launcher("127.0.0.1", options);
  std::vector<std::thread> ranks;
  std::atomic<int> met = 0;
  for (int rank = 0; rank < 2; ++rank) {
    ranks.emplace_back([&, rank] {
      Rendezvous at = test::meeting(rank, 2, options.port);
      at.launcher_listens = true;
      at.prefix = "/worker/attempt_0";
      join_process_group(at, {})->barrier("the other");
      ++met;
    });
  }
  for (std::thread& rank : ranks) rank.join();
  EXPECT_EQ(met, 2);
}

}  // namespace
}  // namespace pollard
