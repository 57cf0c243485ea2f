// A stage's learning rate and test accuracy over its epochs, thinned out so that a page holds those
// of a thousand runs.
//
// Learning rates are made of straight pieces: only the points between which a straight line strays
// are kept (Douglas and Peucker, 1973). Accuracies are noisy: of those, every so-manieth is kept.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "report/svg.h"

namespace pollard {

struct StageCurve {
  std::vector<Point> rate;  // over epochs of the stage, a fraction within them
  std::vector<Point> top1;  // percent, after whole epochs
};

/// Of the lines of a stage's metrics.jsonl; those that are no JSON are left out. Of both at most
/// `most` points (at least 2).
[[nodiscard]] StageCurve read_curve(std::string_view metrics, std::size_t most);

/// At most `most` of them (at least 2), evenly spread; the first and the last stay.
[[nodiscard]] std::vector<Point> thin_out(std::vector<Point> points, std::size_t most);
/// Those without which a line through the others would be off by more than `tolerance`.
[[nodiscard]] std::vector<Point> straighten(const std::vector<Point>& points, double tolerance);

}  // namespace pollard
