#include "speed/calibration.h"

#include <gtest/gtest.h>

namespace pollard {
namespace {

// A core does at least a multiply-add a nanosecond, and fewer than a thousand.
TEST(Calibration, IsOfThisWorld) {
  const Calibration calibration = calibrate(1);
  EXPECT_GT(calibration.multiply_adds, 0.5);
  EXPECT_LT(calibration.multiply_adds, 1000);
  EXPECT_GT(calibration.copy, 0.05);
  EXPECT_LT(calibration.copy, 1000);
}

}  // namespace
}  // namespace pollard
