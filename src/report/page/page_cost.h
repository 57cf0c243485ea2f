// What many runs cost together: what stages that they share would have cost once for each.
#pragma once

#include <map>
#include <string>

#include "report/page/page_source.h"

namespace pollard {

struct KindCost {
  std::size_t stages = 0, uses = 0;  // uses: by how many configurations, all in all
  double epochs = 0, seconds = 0;    // once each
};

struct PageCost {
  std::map<std::string, KindCost> kinds;
  double epochs = 0, alone_epochs = 0;    // once each; if every configuration ran by itself
  double seconds = 0, alone_seconds = 0;  // of all its stages' workers added up
};

/// Of finished configurations.
[[nodiscard]] PageCost cost_of(const PageSource& source);

}  // namespace pollard
