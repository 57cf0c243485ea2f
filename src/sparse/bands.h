// The order in which ops compute the rows of their outputs. One op after another, a map is in
// memory again before the next op reads it, where maps are larger than the caches. So ops form
// groups, and within one each op goes on by a band of rows as soon as those before it have made the
// rows it reads: of a chain of ops only some rows of each map are in use at a time.
#pragma once

#include <vector>

#include "sparse/lower.h"
#include "sparse/network.h"
#include "sparse/ops.h"

namespace pollard::sparse {

struct Band {
  int op = 0;
  Rows rows = {};
  bool operator==(const Band&) const = default;
};

/// Those worth trying, the rule's first: a few rows of some ten maps fit into a second-level cache,
/// as two or three smaller maps do whole.
constexpr Banding kBandings[] = {{8, 4, 1 << 19}, {8, 2, 1 << 19}, {1, 0}};

/// Every row of every op once, no row before those it reads and none over what is still to be read.
[[nodiscard]] std::vector<Band> bands_of(const Lowered& lowered, const Banding& banding);

}  // namespace pollard::sparse
