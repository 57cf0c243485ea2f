// Whether a store is what it says: every file read and held against the others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiment/store/store.h"
#include "pollard/progress.h"

namespace pollard {

struct Finding {
  std::string problem;  // names the file
  std::string hint;     // what to do
};

struct Verification {
  std::int64_t stages = 0, configurations = 0, unfinished = 0;  // unfinished: configurations
  std::int64_t states = 0;                                      // files of states looked at
  std::vector<Finding> findings = {};
};

/// Every stage.json and configuration is read; parents are there and chains agree with them; states
/// are there where they are needed and as long as they say. With `read_states` these are read whole
/// and their checksums compared, which takes as long as reading all the store.
[[nodiscard]] Verification verify(const Store& store, bool read_states, Progress& progress);

/// Throws Error{Input} naming a file that is no state, or not whole. Of its data only the length is
/// looked at.
void check_state_length(const std::filesystem::path& file);
/// The same, reading all of it: each tensor, and the checksum where there is one.
void check_state(const std::filesystem::path& file);

/// Throws Error{Input} where the folder is missing or nothing of a store stands in it.
void require_store(const Store& store);

}  // namespace pollard
