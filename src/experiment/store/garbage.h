// What a store can do without, found first and removed second:
//
//   STORE/ID/                   a finished stage that no configuration needs; what is left of one
//                               whose removal (or copying) was cut short
//   STORE/ID/state.safetensors  where asked for: of stages inside chains that are all finished
//   STORE/work/ID/              the work on a stage that is finished
//   STORE/work/ID.PID.draft/    a stage whose process died while it wrote it
//
// A stage that a configuration needs is never removed, nor a work folder that a process has locked
// (run_folder.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "experiment/store/store.h"

namespace pollard {

/// Who needs a stage.
struct Need {
  std::int64_t configurations = 0;
  bool is_last = false;      // of one of them
  bool all_finished = true;  // whether all of them are
  /// Whether nothing that is wanted so far will start from its state.
  [[nodiscard]] bool spares_state() const { return all_finished && !is_last; }
};
using Needs = std::map<std::string, Need, std::less<>>;
[[nodiscard]] Needs needs_of(const Store& store, std::span<const Configuration> configurations);

struct GarbageRules {
  bool states = false;
  /// Drafts that changed since are left: on another machine of a shared store their process may
  /// live.
  std::chrono::seconds draft_age = std::chrono::hours(1);
};

enum class GarbageKind { Stage, Remains, State, Work, Draft };

struct Garbage {
  GarbageKind kind = GarbageKind::Stage;
  std::filesystem::path path;  // a folder, or the file of a state
  std::string id;              // of the stage
  std::int64_t bytes = 0;
};

/// In order of paths. Throws Error{Input} naming a configuration that cannot be read, and where the
/// store has stages but no configuration at all: then everything would go.
[[nodiscard]] std::vector<Garbage> find_garbage(const Store& store, const GarbageRules& rules = {});

/// Removes them but for what is needed or locked by now; returns the bytes. Throws Error{Io}.
std::int64_t remove_garbage(const Store& store, std::span<const Garbage> garbage);

}  // namespace pollard
