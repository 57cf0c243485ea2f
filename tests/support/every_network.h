// For tests over all networks that have a name.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "pollard/networks.h"

namespace pollard::test {

/// A parameter of tests is a network's name; names of tests have no hyphens.
inline std::string name_of_test(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::erase_if(name, [](char c) { return c == '-'; });
  return name;
}

/// As small and odd as the network takes; of more pixels where it halves them five times, of fewer
/// where it is wide.
inline ImageShape small_input(const std::string& name) {
  for (const char* halving : {"resnet18", "resnet34", "resnet50", "mobilenet-v2"}) {
    if (name == halving) return {3, 33, 17};
  }
  if (name.starts_with("wrn-28")) return {3, 5, 3};
  return name == "lenet5" ? ImageShape{1, 17, 18} : ImageShape{3, 9, 7};
}

}  // namespace pollard::test
