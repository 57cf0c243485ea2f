// What result.json says of a run.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "apps/refusals.h"

namespace pollard::test {

class ResultTest : public AppTest {
 protected:
  [[nodiscard]] nlohmann::json result(const std::string& folder) const {
    return nlohmann::json::parse(slurp(path() / folder / "result.json"));
  }
};

/// The stages, in order.
inline Words kinds(const nlohmann::json& result) {
  Words names;
  for (const nlohmann::json& stage : result["stages"]) names.push_back(stage["kind"]);
  return names;
}

}  // namespace pollard::test
