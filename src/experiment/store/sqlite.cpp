#include "experiment/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace pollard {
namespace {

constexpr int kPatience = 30'000;  // milliseconds that another process may take to write

/// With '%' codes for what would end the path.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri;
}

[[noreturn]] void fail(int code, const std::string& name, std::string_view doing,
                       std::string_view why) {
  const std::string what = fmt::format("cannot {} '{}': {}", doing, name, why);
  switch (code & 0xff) {  // the rest of an extended code says more than we need
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw DatabaseError(ErrorCode::Input, what,
                          "the file is damaged or no database: move it away");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw DatabaseError(ErrorCode::Io, what,
                          "another process writes to it: try again when it is done");
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      throw DatabaseError(ErrorCode::Internal, what);
    default:
      throw DatabaseError(ErrorCode::Io, what,
                          "is the disk full, or the folder not to be written?");
  }
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Database::Database(std::string name, const std::string& place, int flags) : name_(std::move(name)) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(place.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);  // there is one even where opening failed, to tell why
  check(code, "open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kPatience);
}

Database::Database(const std::filesystem::path& file)
    : Database(file.string(), file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {
  // NORMAL: a power cut may cost the last transactions, never the file. A database that must not
  // lose them would need FULL.
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;");
}

Database Database::read_only(const std::filesystem::path& file) {
  // Where nobody has it open there is no log, and SQLite would leave an empty one for us to remove,
  // unless it believes that nothing can change. Should a writer come just now, the answer is an
  // error or an old state.
  std::error_code none;
  const bool written = std::filesystem::exists(file.string() + "-wal", none);
  return {file.string(), uri_of(file.string()) + (written ? "" : "?immutable=1"),
          SQLITE_OPEN_READONLY | SQLITE_OPEN_URI};
}

Database Database::in_memory(std::string name) {
  return {std::move(name), ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
}

void Database::check(int code, std::string_view doing) const {
  if (code == SQLITE_OK) return;
  fail(code, name_, doing, handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code));
}

void Database::run(const std::string& sql) {
  check(sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr), "use");
}

std::int64_t Database::number(std::string_view sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(database.handle_.get(), sql.data(),
                                      static_cast<int>(sql.size()), &handle, nullptr);
  database.check(code, "use");
  handle_.reset(handle);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->check(code, "use");
  return false;
}

void Statement::reset() {
  sqlite3_reset(handle_.get());  // repeats the error of the last step, which was thrown then
}

void Statement::bind_one(int place, std::string_view value) {
  database_->check(sqlite3_bind_text64(handle_.get(), place, value.data(), value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8),
                   "use");
}
void Statement::bind_one(int place, std::int64_t value) {
  database_->check(sqlite3_bind_int64(handle_.get(), place, value), "use");
}
void Statement::bind_one(int place, double value) {
  database_->check(sqlite3_bind_double(handle_.get(), place, value), "use");
}

std::string_view Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(handle_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}
double Statement::real(int column) const { return sqlite3_column_double(handle_.get(), column); }

Transaction::Transaction(Database& database) : database_(&database) {
  database.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_->run("ROLLBACK");
  } catch (const Error&) {  // some errors have ended the transaction already
  }
}

void Transaction::commit() {
  database_->run("COMMIT");
  open_ = false;
}

}  // namespace pollard
