// What dense and retraining schedules are made of.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// i / n; 0 where n is.
[[nodiscard]] double fraction_of(std::int64_t i, std::int64_t n);

/// From `from` at fraction 0 to `to` at 1, exactly at both ends and never beyond them.
[[nodiscard]] double half_cosine(double from, double to, double fraction);

/// rate * gamma^(milestones passed): the milestone m is passed from iteration round(m * total) on.
[[nodiscard]] double step_rate(double rate, std::span<const double> milestones, double gamma,
                               std::int64_t i, std::int64_t total);

/// Throws Error{Config} that `key` is `kind`, unless that is one of `names`.
void require_schedule(std::string_view key, std::string_view kind,
                      const std::vector<std::string>& names);

}  // namespace pollard
