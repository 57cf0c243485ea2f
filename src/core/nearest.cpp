#include "core/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace pollard {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  // Half the word may be wrong, three letters of a short one, but never every letter.
  if (word.empty()) return best;
  std::size_t best_distance =
      std::min(std::max<std::size_t>(3, word.size() / 2), word.size() - 1) + 1;
  for (const std::string& candidate : candidates) {
    // "sparsity" means "prune.sparsity": a last word that fits counts as one edit.
    const std::size_t dot = candidate.rfind('.');
    std::size_t distance = edit_distance(word, candidate);
    if (dot != std::string::npos) {
      distance =
          std::min(distance, 1 + edit_distance(word, std::string_view(candidate).substr(dot + 1)));
    }
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace pollard
