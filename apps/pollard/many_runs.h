// What the verbs about many runs share.
#pragma once

#include "experiment/parameters.h"
#include "report/groups.h"

namespace pollard::app {

/// The seed, and keys that cannot change results: configurations that differ in nothing else are
/// one group.
[[nodiscard]] inline KeySet without_effect() {
  KeySet keys{"seed"};
  for (const Parameter& parameter : parameter_table().all()) {
    if (!parameter.identity) keys.insert(parameter.key);
  }
  return keys;
}

}  // namespace pollard::app
