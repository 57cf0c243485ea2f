// Which part of a picture is looked at, and at what size: the views of training and of testing.
//
// training  RandomResizedCrop: up to 10 times, a part of uniform(s, 1) of the area and an aspect
// w/h
//           of exp(uniform(log 3/4, log 4/3)) is drawn, until one fits in; its place is uniform. If
//           none fits, the largest part in the middle with an aspect of 3/4 to 4/3.
// testing   the shorter side is resized to R pixels, the longer to floor(R long/short); then the N
// x
//           N pixels in the middle.
#pragma once

#include <cstdint>

#include "data/resample.h"
#include "pollard/random.h"

namespace pollard {

[[nodiscard]] View random_part(std::int64_t width, std::int64_t height, std::int64_t size,
                               double smallest, RandomStream chance);
[[nodiscard]] View centered_part(std::int64_t width, std::int64_t height, std::int64_t size,
                                 std::int64_t shorter_side);
/// The whole picture with its shorter side resized to that many pixels.
[[nodiscard]] View resized_whole(std::int64_t width, std::int64_t height,
                                 std::int64_t shorter_side);

}  // namespace pollard
