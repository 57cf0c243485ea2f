// Several ranks of one process group as threads of the test: each has a group of its own, connected
// to the others' as those of processes are.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "pollard/error.h"
#include "support/free_port.h"
#include "train/process_group.h"

namespace pollard::test {

inline Rendezvous meeting(int rank, int size, std::uint16_t port) {
  return {.rank = rank, .size = size, .local_rank = rank, .host = "127.0.0.1", .port = port};
}

/// What `body` throws on each rank, if anything.
using TeamErrors = std::vector<std::optional<Error>>;

inline TeamErrors run_team_with_errors(int size, const std::function<void(ProcessGroup&)>& body,
                                       const ProcessGroupSettings& settings = {}) {
  const std::uint16_t port = free_port();
  TeamErrors errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const auto group = join_process_group(meeting(rank, size, port), settings);
        body(*group);
      } catch (const Error& error) {
        errors[static_cast<std::size_t>(rank)] = error;
      } catch (const std::exception& error) {
        ADD_FAILURE() << "rank " << rank << ": " << error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

inline void run_team(int size, const std::function<void(ProcessGroup&)>& body) {
  const TeamErrors errors = run_team_with_errors(size, body);
  for (std::size_t rank = 0; rank < errors.size(); ++rank)
    EXPECT_FALSE(errors[rank]) << "rank " << rank << ": " << one_line(*errors[rank]);
}

}  // namespace pollard::test
