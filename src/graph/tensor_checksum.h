// The checksum that checkpoints and the states of stages carry in their metadata.
#pragma once

#include <string>

#include "pollard/safetensors.h"

namespace pollard {

/// A hash of every tensor (name, type, shape, bytes) and of the text "progress" in the metadata.
[[nodiscard]] std::string tensor_checksum(const Safetensors& file);

}  // namespace pollard
