// Checkpoints: a safetensors file with
//
//   weights/NAME velocity/NAME masks/NAME method/NAME     tensors
//   __metadata__: format = "1", progress = JSON of whoever runs the stages, checksum = hash of all
//   the rest
//
// A folder holds two: `last` and `previous`. A new one is written beside them, then last becomes
// previous and the new one last; whatever moment a crash picks, one whole checkpoint is there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pollard/progress.h"
#include "pollard/tensor.h"

namespace pollard {

struct Checkpoint {
  std::string progress;  // JSON
  TensorMap weights, velocity, masks, method;
};

/// Throws Error{Numeric}, and leaves the folder alone, if a weight or a velocity is not finite.
void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// A single one, as a file of its own. Both throw as their siblings do.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The last one; if that is damaged or missing, the one before it, with a warning. Nothing where
/// there is none yet. Throws Error{Input} if all there is is damaged.
[[nodiscard]] std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                                        Progress& progress);

}  // namespace pollard
