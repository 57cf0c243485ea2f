#include "report/store_tables.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/terminal_text.h"
#include "report/values.h"

namespace pollard {
namespace {

std::string_view name_of(GarbageKind kind) {
  switch (kind) {
    case GarbageKind::Stage:
      return "stage that no configuration needs";
    case GarbageKind::Remains:
      return "remains of a stage";
    case GarbageKind::State:
      return "state inside finished chains";
    case GarbageKind::Work:
      return "work on a finished stage";
    case GarbageKind::Draft:
      return "draft of a dead process";
  }
  return "";
}

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

}  // namespace

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto size = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  for (; size >= 999.95 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string stage_list(std::span<const StageInfo> stages) {
  TextTable table{{{"id", Align::Left},
                   {"kind", Align::Left},
                   {"label", Align::Left},
                   {"epochs"},
                   {"seconds"},
                   {"size"},
                   {"configurations"}},
                  {}};
  std::int64_t bytes = 0;
  double seconds = 0;
  for (const StageInfo& stage : stages) {
    bytes += stage.bytes;
    seconds += stage.seconds;
    table.rows.push_back({stage.id, stage.kind, stage.label,
                          stage.epochs > 0 ? std::to_string(stage.epochs) : std::string(kDash),
                          fixed(stage.seconds, 1), bytes_text(stage.bytes),
                          std::to_string(stage.configurations)});
  }
  return to_text(table) + fmt::format("{}, {:.1f} hours of work, {}\n",
                                      counted(stages.size(), "stage"), seconds / 3600,
                                      bytes_text(bytes));
}

std::string garbage_list(std::span<const Garbage> garbage) {
  TextTable table{{{"size"}, {"what", Align::Left}, {"where", Align::Left}}, {}};
  std::int64_t bytes = 0;
  for (const Garbage& item : garbage) {
    bytes += item.bytes;
    table.rows.push_back(
        {bytes_text(item.bytes), std::string(name_of(item.kind)), item.path.string()});
  }
  return (garbage.empty() ? "" : to_text(table)) +
         fmt::format("{} to remove, {}\n", garbage.size(), bytes_text(bytes));
}

std::string verification_text(const Verification& verification) {
  std::string text;
  for (const Finding& finding : verification.findings)
    text += without_codes(fmt::format("{}; {}", finding.problem, finding.hint)) + "\n";
  return text + fmt::format("{}, {}, {} ({} not finished): {}\n",
                            counted(size_of(verification.stages), "stage"),
                            counted(size_of(verification.states), "state"),
                            counted(size_of(verification.configurations), "configuration"),
                            verification.unfinished,
                            verification.findings.empty()
                                ? "nothing is wrong"
                                : counted(verification.findings.size(), "problem"));
}

}  // namespace pollard
