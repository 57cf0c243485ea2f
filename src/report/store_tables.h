// What `pollard store` says: tables of stages, of garbage, and what a verification found.
#pragma once

#include <span>
#include <string>

#include "experiment/store/care.h"
#include "experiment/store/garbage.h"
#include "experiment/store/index.h"
#include "report/table.h"

namespace pollard {

/// "12.3 MB": in powers of 1000, as disks are sold.
[[nodiscard]] std::string bytes_text(std::int64_t bytes);

/// id, kind, label, epochs, seconds, bytes, configurations that need it; a last line for the sums.
[[nodiscard]] std::string stage_list(std::span<const StageInfo> stages);
/// What is garbage, where and how large; a last line for the sum.
[[nodiscard]] std::string garbage_list(std::span<const Garbage> garbage);
/// What was looked at, and each finding with what to do.
[[nodiscard]] std::string verification_text(const Verification& verification);

}  // namespace pollard
