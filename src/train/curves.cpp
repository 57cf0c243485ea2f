#include "train/curves.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/nearest.h"
#include "pollard/error.h"

namespace pollard {

double fraction_of(std::int64_t i, std::int64_t n) {
  return n > 0 ? static_cast<double>(i) / static_cast<double>(n) : 0;
}

double half_cosine(double from, double to, double fraction) {
  return std::lerp(to, from, (1 + std::cos(std::numbers::pi * fraction)) / 2);
}

double step_rate(double rate, std::span<const double> milestones, double gamma, std::int64_t i,
                 std::int64_t total) {
  for (const double milestone : milestones) {
    if (i >= std::llround(milestone * static_cast<double>(total))) rate *= gamma;
  }
  return rate;
}

void require_schedule(std::string_view key, std::string_view kind,
                      const std::vector<std::string>& names) {
  if (std::ranges::find(names, kind) != names.end()) return;
  const std::string meant = nearest(kind, names);
  throw Error(ErrorCode::Config,
              std::string(key) + "='" + std::string(kind) + "' is not a schedule",
              meant.empty() ? "the first is " + names.front() : "did you mean '" + meant + "'?");
}

}  // namespace pollard
