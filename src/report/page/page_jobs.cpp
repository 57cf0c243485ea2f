#include "report/page/page_jobs.h"

#include <algorithm>

#include "experiment/store/sqlite.h"

namespace pollard {
namespace {

// Times as seconds since 1970. `silent`: of a job that runs, seconds since it was heard of.
constexpr const char* kQuery = R"(
select kind, label, state, epochs,
  coalesce(unixepoch(changed) - unixepoch(started), 0) as took,
  coalesce(unixepoch('now') - unixepoch(started), 0) as since,
  coalesce(unixepoch('now') - max(unixepoch(changed), coalesce(unixepoch(heartbeat), 0)), 0)
    as silent
from jobs)";
constexpr std::int64_t kPatience = 120;  // seconds

struct Row {
  std::string kind, label, state;
  std::int64_t epochs, took, since;
};

std::vector<Row> read(const std::filesystem::path& file) {
  const Database database = Database::read_only(file);
  Statement query(database, kQuery);
  std::vector<Row> rows;
  while (query.step()) {
    Row row{std::string(query.text(0)), std::string(query.text(1)), std::string(query.text(2)),
            query.integer(3),           query.integer(4),           query.integer(5)};
    if (row.state == "running" && query.integer(6) > kPatience) row.state = "pending";
    rows.push_back(std::move(row));
  }
  return rows;
}

/// What jobs of one kind take: those without epochs as they are, the others by the epoch.
struct Pace {
  double seconds = 0, units = 0;
};

double units_of(const Row& row) {
  return static_cast<double>(std::max<std::int64_t>(row.epochs, 1));
}

std::optional<double> seconds_left(const std::vector<Row>& rows, std::size_t places) {
  std::map<std::string, Pace> paces;
  for (const Row& row : rows) {
    if (row.state != "done" || row.took <= 0) continue;
    paces[row.kind].seconds += static_cast<double>(row.took);
    paces[row.kind].units += units_of(row);
  }
  double left = 0;
  for (const Row& row : rows) {
    if (row.state != "pending" && row.state != "running") continue;
    const auto pace = paces.find(row.kind);
    if (pace == paces.end()) return {};
    const double whole = units_of(row) * pace->second.seconds / pace->second.units;
    left += row.state == "running" ? std::max(0.0, whole - static_cast<double>(row.since)) : whole;
  }
  return left / static_cast<double>(places);
}

}  // namespace

std::optional<SweepProgress> read_sweep_progress(const std::filesystem::path& file) {
  if (std::error_code none; !std::filesystem::exists(file, none)) return {};
  std::vector<Row> rows;
  try {
    rows = read(file);
  } catch (const DatabaseError&) {
    return {};  // it is for looking only: what counts is in the store
  }
  SweepProgress progress;
  for (const Row& row : rows) {
    ++progress.jobs[row.state];
    progress.epochs += row.epochs;
    if (row.state == "done") progress.epochs_done += row.epochs;
    if (row.state == "running") progress.running.push_back(row.label);
  }
  if (!progress.running.empty())
    progress.seconds_left = seconds_left(rows, progress.running.size());
  return progress;
}

}  // namespace pollard
