#include "experiment/store/index.h"

#include <fmt/format.h>

#include <utility>

#include "experiment/store/index_schema.h"
#include "experiment/store/index_update.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

void create_tables(Database& database) {
  Transaction transaction(database);
  // Another process may have been first while this one waited.
  if (database.number("PRAGMA user_version") == kIndexVersion) return;
  database.run(kIndexTables + fmt::format("PRAGMA user_version={};", kIndexVersion));
  transaction.commit();
}

std::vector<ResultRow> read_results(Database& database) {
  std::vector<ResultRow> rows;
  // Both queries go through their tables in the order of their keys: nothing is sorted.
  Statement settings(database,
                     "SELECT s.configuration, s.key, s.value FROM configurations c"
                     " CROSS JOIN settings s ON s.configuration = c.id WHERE c.finished");
  while (settings.step()) {
    if (rows.empty() || rows.back().id != settings.text(0))
      rows.push_back({std::string(settings.text(0)), {}, {}});
    Settings& all = rows.back().settings;
    all.emplace_hint(all.end(), settings.text(1), settings.text(2));
  }
  Statement measures(database, "SELECT configuration, name, value FROM measures");
  std::size_t at = 0;
  while (measures.step()) {
    while (at < rows.size() && rows[at].id != measures.text(0)) ++at;
    if (at == rows.size()) break;
    auto& all = rows[at].measures;
    all.emplace_hint(all.end(), measures.text(1), measures.real(2));
  }
  return rows;
}

std::vector<StageInfo> read_stages(Database& database) {
  std::vector<StageInfo> stages;
  Statement rows(database,
                 "SELECT id, parent, kind, label, series, epochs, steps, seconds, bytes,"
                 " finished_at, (SELECT count(*) FROM members WHERE stage = id)"
                 " FROM stages ORDER BY finished_at, id");
  while (rows.step()) {
    stages.push_back({.id = std::string(rows.text(0)),
                      .parent = std::string(rows.text(1)),
                      .kind = std::string(rows.text(2)),
                      .label = std::string(rows.text(3)),
                      .series = std::string(rows.text(4)),
                      .epochs = rows.integer(5),
                      .steps = rows.integer(6),
                      .seconds = rows.real(7),
                      .bytes = rows.integer(8),
                      .finished_at = rows.integer(9),
                      .configurations = rows.integer(10)});
  }
  return stages;
}

std::vector<FailedStage> read_failures(Database& database) {
  std::vector<FailedStage> failures;
  Statement rows(database, "SELECT stage, error, hint FROM failures ORDER BY stage");
  while (rows.step()) {
    failures.push_back(
        {std::string(rows.text(0)), Failure{std::string(rows.text(1)), std::string(rows.text(2))}});
  }
  return failures;
}

}  // namespace

Index::Index(const Store& store, Progress& progress)
    : store_(store), progress_(progress), file_(store.folder() / "index.sqlite") {
  if (!fs::is_directory(store.folder())) {
    throw Error(ErrorCode::Input, "there is no store '" + store.folder().string() + "'",
                "name the folder that a sweep or run keeps its finished stages in");
  }
  update();
}

void Index::open() {
  database_.emplace(file_);
  const std::int64_t version = database_->number("PRAGMA user_version");
  if (version == kIndexVersion) return;
  if (version != 0) {  // 0: it is new
    progress_.note(fmt::format("'{}' is of version {}, not {}: making it anew", file_.string(),
                               version, kIndexVersion));
    database_.reset();
    remove_files();
    database_.emplace(file_);
  }
  create_tables(*database_);
}

void Index::remove_files() {
  std::error_code error;
  for (const char* ending : {"", "-wal", "-shm"}) fs::remove(file_.string() + ending, error);
}

void Index::move_aside(const Error& why) {
  progress_.warn(fmt::format("{}; it is kept as '{}.damaged' and made anew from the store's files",
                             why.what(), file_.filename().string()));
  database_.reset();
  std::error_code error;
  fs::rename(file_, file_.string() + ".damaged", error);
  remove_files();
}

void Index::open_in_memory(const Error& why) {
  progress_.warn(fmt::format("{}; the store is indexed in memory, for this once", why.what()));
  database_.reset();
  database_.emplace(Database::in_memory(file_.string()));
  create_tables(*database_);
  kept_ = false;
}

void Index::insist(const std::function<void()>& work) {
  // Twice: damage may be found first, and then that nothing new can be written.
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      if (!database_) open();
      return work();
    } catch (const DatabaseError& error) {
      const bool damaged = error.code() == ErrorCode::Input;
      if (!kept_ || (!damaged && error.code() != ErrorCode::Io)) throw;
      damaged ? move_aside(error) : open_in_memory(error);
    }
  }
  work();
}

void Index::update() {
  insist([&] { update_index(*database_, store_, progress_); });
}

std::vector<ResultRow> Index::results() {
  std::vector<ResultRow> rows;
  insist([&] { rows = read_results(*database_); });
  return rows;
}

std::vector<StageInfo> Index::stages() {
  std::vector<StageInfo> stages;
  insist([&] { stages = read_stages(*database_); });
  return stages;
}

std::vector<FailedStage> Index::failures() {
  std::vector<FailedStage> failures;
  insist([&] { failures = read_failures(*database_); });
  return failures;
}

}  // namespace pollard
