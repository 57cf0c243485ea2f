// Learning rates compared one by one.
#pragma once

#include <gmock/gmock.h>

#include <cmath>
#include <utility>
#include <vector>

namespace pollard::test {

MATCHER(IsRate, "") { return std::abs(std::get<0>(arg) - std::get<1>(arg)) < 1e-12; }

inline auto are_rates(std::vector<double> expected) {
  return ::testing::Pointwise(IsRate(), std::move(expected));
}

}  // namespace pollard::test
