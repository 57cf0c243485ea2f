// SQLite in three types that close what they open: a database, a prepared statement, a transaction.
//
// A database is opened with a write-ahead log and waits for another process's write to end. The
// log is memory that processes of one machine share: over a network file system one machine may
// open the database, not two.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "pollard/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pollard {

/// What everything here throws, naming the file, with the code Input where it is damaged or no
/// database, Io where it cannot be opened, written or waited for, Internal for bad SQL.
class DatabaseError : public Error {
 public:
  using Error::Error;
};

class Database {
 public:
  /// Opens the file for reading and writing; creates it where it is missing.
  explicit Database(const std::filesystem::path& file);
  /// One that another process may be writing to, for looking: nothing in it or beside it changes.
  [[nodiscard]] static Database read_only(const std::filesystem::path& file);
  /// One that lives in memory, as long as this object; `name` stands for the file in errors.
  [[nodiscard]] static Database in_memory(std::string name);

  /// Runs statements, separated by ';', whose rows nobody wants.
  void run(const std::string& sql);
  /// The first column of the first row; 0 where there is none.
  [[nodiscard]] std::int64_t number(std::string_view sql);

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(std::string name, const std::string& place, int flags);
  void check(int code, std::string_view doing) const;

  std::string name_;  // as errors have it
  std::unique_ptr<sqlite3, Close> handle_;
};

/// SQL with '?' for values. It must not outlive its database, which stays where it is.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  /// Gives '?' number 1, 2 ... their values and starts anew.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    reset();
    int place = 0;
    (bind_one(++place, values), ...);
    return *this;
  }
  /// The next row; false where there is none.
  [[nodiscard]] bool step();
  /// For statements without rows: bind() and step().
  template <typename... Values>
  void run(const Values&... values) {
    static_cast<void>(bind(values...).step());
    reset();
  }

  /// Columns of the row, from 0.
  [[nodiscard]] std::string_view text(int column) const;  // until the next step()
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  void reset();
  void bind_one(int place, std::string_view value);
  void bind_one(int place, std::int64_t value);
  void bind_one(int place, double value);

  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// All that is written until commit(), or nothing of it. Waits for another process's to end.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database* database_;
  bool open_ = true;
};

}  // namespace pollard
