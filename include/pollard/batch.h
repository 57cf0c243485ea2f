// What a loader makes and an engine takes.
#pragma once

#include <cstdint>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

struct Batch {
  std::int64_t index = 0;  // within the epoch
  std::int64_t count = 0;
  ImageShape shape;
  std::vector<float> images;         // count x H x W x C, normalised
  std::vector<std::int64_t> labels;  // count
};

}  // namespace pollard
