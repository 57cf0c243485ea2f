#include "prune/share_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "pollard/error.h"

namespace pollard {
namespace {

__extension__ using Wide = __int128;  // products of two counts

/// The rest of a sharing: parts that have not reached their caps.
struct Rest {
  std::int64_t total;
  std::vector<std::size_t> parts;

  [[nodiscard]] std::int64_t weight(std::span<const std::int64_t> weights) const {
    std::int64_t sum = 0;
    for (const std::size_t part : parts) sum += weights[part];
    return sum;
  }
};

/// No part reaches its cap here.
void share_by_largest_remainder(const Rest& rest, std::span<const std::int64_t> weights,
                                std::span<std::int64_t> shares) {
  const std::int64_t weight = rest.weight(weights);
  if (weight == 0) return;
  std::vector<std::int64_t> remainders(shares.size());
  std::int64_t left = rest.total;
  for (const std::size_t part : rest.parts) {
    const Wide product = Wide{rest.total} * weights[part];
    shares[part] = static_cast<std::int64_t>(product / weight);
    remainders[part] = static_cast<std::int64_t>(product % weight);
    left -= shares[part];
  }
  std::vector<std::size_t> order = rest.parts;
  std::ranges::stable_sort(order, std::greater(),
                           [&](std::size_t part) { return remainders[part]; });
  for (std::int64_t i = 0; i < left; ++i) ++shares[order[static_cast<std::size_t>(i)]];
}

}  // namespace

std::vector<std::int64_t> share_out(std::int64_t total, std::vector<std::int64_t> weights,
                                    std::span<const std::int64_t> caps) {
  const std::int64_t room = std::accumulate(caps.begin(), caps.end(), std::int64_t{0});
  if (total < 0 || total > room || weights.size() != caps.size()) {
    throw Error(ErrorCode::Internal,
                fmt::format("cannot share out {} over {} parts with room for {}", total,
                            caps.size(), room));
  }
  std::vector<std::int64_t> shares(caps.size());
  Rest rest{total, {}};
  for (std::size_t part = 0; part < caps.size(); ++part) {
    if (caps[part] > 0) rest.parts.push_back(part);
  }
  const auto fuller = [&](std::size_t a, std::size_t b) {
    return Wide{weights[a]} * caps[b] < Wide{weights[b]} * caps[a];
  };
  while (!rest.parts.empty()) {
    if (rest.weight(weights) == 0) {
      for (const std::size_t part : rest.parts) weights[part] = caps[part];
    }
    const auto fullest = std::ranges::max_element(rest.parts, fuller);
    const std::size_t part = *fullest;
    if (Wide{rest.total} * weights[part] <= Wide{caps[part]} * rest.weight(weights)) break;
    shares[part] = caps[part];
    rest.total -= caps[part];
    rest.parts.erase(fullest);
  }
  share_by_largest_remainder(rest, weights, shares);
  return shares;
}

}  // namespace pollard
