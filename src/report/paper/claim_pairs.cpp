#include "report/paper/claim_pairs.h"

#include <fmt/format.h>

#include "pollard/error.h"
#include "report/measures.h"
#include "report/values.h"

namespace pollard {

std::optional<PooledPairs> pooled_pairs(std::span<const ResultRow> rows, const Contrast& contrast,
                                        const KeySet& ignored) {
  std::vector<double> a, b, differences;
  try {
    for (const PairedGroup& group : contrast_results(rows, contrast, "top1", ignored)) {
      for (const RunPair& pair : group.pairs) {
        a.push_back(pair.a);
        b.push_back(pair.b);
        differences.push_back(pair.b - pair.a);
      }
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Usage) throw;
    return {};
  }
  return PooledPairs{summarize(a).mean, summarize(b).mean, compare_pairs(differences)};
}

std::vector<std::string> pair_cells(const PooledPairs& pairs) {
  const auto& [difference, interval, p] = pairs.difference;
  const auto text = [](double value) { return measure_text("top1", value); };
  return {std::to_string(difference.n),
          text(pairs.mean_a),
          text(pairs.mean_b),
          text(difference.mean),
          interval ? fmt::format("{} to {}", text(interval->low), text(interval->high))
                   : std::string(kDash),
          p ? fmt::format("{:.3g}", *p) : std::string(kDash)};
}

}  // namespace pollard
