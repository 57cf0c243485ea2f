// What the writer and the reader of .plrd files must agree on: limits and codes. The attributes of
// operators are written in the order of graph/attributes.h.
#pragma once

#include <array>
#include <cstdint>

#include "pollard/graph.h"

namespace pollard::sparse::plrd {

constexpr std::uint64_t kLongestName = 255;
constexpr std::uint64_t kMostEntries = 65'536;  // metadata, parameters, nodes, each
constexpr std::uint64_t kMostInputs = 262'144;  // of all nodes together
constexpr std::uint64_t kMostDimensions = 8;
/// All tensors together: zeros cost nothing in the file, but memory.
constexpr std::uint64_t most_tensor_bytes(std::uint64_t file_bytes) {
  return 1024 * file_bytes + (std::uint64_t{64} << 20);
}
/// Floats of all values that one image makes on its way, padding included.
constexpr std::int64_t kMostActivations = std::int64_t{1} << 28;

/// In the order of their codes, 0 to 5.
inline constexpr std::array kRoles{ParameterRole::Weight,      ParameterRole::Bias,
                                   ParameterRole::Scale,       ParameterRole::Shift,
                                   ParameterRole::RunningMean, ParameterRole::RunningVariance};

}  // namespace pollard::sparse::plrd
