// What has changed is found by listing: (id, time of change) of every file against those in the
// table. Ten thousand stages are ten thousand stat()s; only new ones are read.
#include "experiment/store/index_update.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using Listing = std::map<std::string, std::int64_t, std::less<>>;  // id: changed

constexpr std::size_t kWorthABar = 500;
constexpr std::int64_t kSecond = 1'000'000'000;

// The time of its last change, in nanoseconds since 1970; 0 where it is gone.
std::int64_t changed(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return std::int64_t{status.st_mtim.tv_sec} * kSecond + status.st_mtim.tv_nsec;
}

Listing stages_of(const Store& store) {
  Listing listing;
  for (std::string& id : store.ids()) {
    const std::int64_t at = changed(store.stage_folder(id));
    listing.emplace_hint(listing.end(), std::move(id), at);
  }
  return listing;
}

Listing configurations_of(const Store& store) {
  Listing listing;
  for (std::string& id : configuration_ids(store)) {
    const std::int64_t at = changed(configuration_file(store, id));
    listing.emplace_hint(listing.end(), std::move(id), at);
  }
  return listing;
}

Listing failures_of(const Store& store) {
  Listing listing;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(store.folder() / "failed", none)) {
    std::string id = entry.path().stem();
    if (is_stage_id(id)) listing.emplace(std::move(id), changed(entry.path()));
  }
  return listing;
}

struct Changes {
  std::vector<std::string> stale;  // in the table, but gone or changed
  std::vector<std::string> fresh;  // to be read
};

Changes compare(Database& database, std::string_view table, Listing listing) {
  Changes changes;
  Statement rows(database, table);
  while (rows.step()) {
    const auto found = listing.find(rows.text(0));
    if (found != listing.end() && found->second == rows.integer(1)) {
      listing.erase(found);  // known
    } else {
      changes.stale.emplace_back(rows.text(0));
    }
  }
  for (const auto& [id, at] : listing) changes.fresh.push_back(id);
  return changes;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

class Update {
 public:
  Update(Database& database, const Store& store, Progress& progress)
      : database_(database), store_(store), progress_(progress) {}

  void stages() {
    const Changes changes = compare(database_, "SELECT id, changed FROM stages", stages_of(store_));
    // Configurations that stand on it are not finished any more, until finish() finds it again.
    Statement reopen(database_,
                     "UPDATE configurations SET finished = 0"
                     " WHERE id IN (SELECT configuration FROM members WHERE stage = ?)");
    Statement forget(database_, "DELETE FROM stages WHERE id = ?");
    for (const std::string& id : changes.stale) {
      reopen.run(id);
      forget.run(id);
    }
    Statement insert(database_, "INSERT INTO stages VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
    read_each(changes.fresh, "indexing stages", [&](const std::string& id) {
      const std::int64_t at = changed(store_.stage_folder(id));
      StageRecord record = store_.read(id);
      record.result.erase("layers");  // nine tenths of it, and no measure comes from them
      static_cast<void>(measures_of(json::array({record.result})));  // or it is not to be used
      insert.run(
          record.id, record.parent, record.kind, record.label, record.series, record.epochs,
          record.steps, record.result.value("seconds", 0.0), bytes_in(store_.stage_folder(id)),
          changed(store_.stage_folder(id) / "stage.json") / kSecond, text_of(record.result), at);
    });
  }

  void failures() {
    const Changes changes =
        compare(database_, "SELECT stage, changed FROM failures", failures_of(store_));
    Statement forget(database_, "DELETE FROM failures WHERE stage = ?");
    for (const std::string& id : changes.stale) forget.run(id);
    Statement insert(database_, "INSERT INTO failures VALUES (?,?,?,?)");
    read_each(changes.fresh, "", [&](const std::string& id) {
      const std::int64_t at = changed(store_.folder() / "failed" / (id + ".json"));
      if (const auto failure = store_.failure(id))
        insert.run(id, failure->error, failure->hint, at);
    });
  }

  void configurations() {
    const Changes changes =
        compare(database_, "SELECT id, changed FROM configurations", configurations_of(store_));
    for (const char* table : {"configurations WHERE id", "members WHERE configuration",
                              "settings WHERE configuration", "measures WHERE configuration"}) {
      Statement forget(database_, fmt::format("DELETE FROM {} = ?", table));
      for (const std::string& id : changes.stale) forget.run(id);
    }
    Statement insert(database_, "INSERT INTO configurations VALUES (?,0,?)");
    Statement member(database_, "INSERT INTO members VALUES (?,?,?)");
    Statement setting(database_, "INSERT INTO settings VALUES (?,?,?)");
    read_each(changes.fresh, "indexing configurations", [&](const std::string& id) {
      const std::int64_t at = changed(configuration_file(store_, id));
      const Configuration configuration = read_configuration(store_, id);
      insert.run(id, at);
      std::int64_t position = 0;
      for (const std::string& stage : configuration.stages) member.run(id, position++, stage);
      for (const auto& [key, value] : configuration.settings) setting.run(id, key, value);
    });
  }

  // Measures for configurations whose stages are all there, and for no others.
  void finish() {
    database_.run(
        "DELETE FROM measures"
        " WHERE configuration IN (SELECT id FROM configurations WHERE NOT finished)");
    std::vector<std::string> ready;
    Statement open(database_,
                   "SELECT id FROM configurations c WHERE NOT finished AND NOT EXISTS"
                   " (SELECT 1 FROM members LEFT JOIN stages ON stages.id = stage"
                   "  WHERE configuration = c.id AND stages.id IS NULL)");
    while (open.step()) ready.emplace_back(open.text(0));
    Statement chain(database_,
                    "SELECT result FROM members JOIN stages ON id = stage"
                    " WHERE configuration = ? ORDER BY position");
    Statement measure(database_, "INSERT INTO measures VALUES (?,?,?)");
    Statement close(database_, "UPDATE configurations SET finished = 1 WHERE id = ?");
    for (const std::string& id : ready) {
      json results = json::array();
      chain.bind(id);
      while (chain.step()) results.push_back(json::parse(chain.text(0)));
      for (const auto& [name, value] : measures_of(results)) measure.run(id, name, value);
      close.run(id);
    }
  }

 private:
  // A file that cannot be read costs a warning, not the others. Whatever read(id) writes, it
  // writes after it has read.
  template <typename Read>
  void read_each(const std::vector<std::string>& ids, std::string_view label, const Read& read) {
    const bool bar = ids.size() >= kWorthABar && !label.empty();
    if (bar) progress_.begin(label, static_cast<std::int64_t>(ids.size()), 0);
    std::vector<std::string> warnings;
    std::int64_t done = 0;
    for (const std::string& id : ids) {
      try {
        read(id);
      } catch (const DatabaseError&) {
        throw;
      } catch (const Error& error) {
        warnings.push_back(fmt::format("left out: {}", one_line(error)));
      } catch (const json::exception& error) {
        warnings.push_back(fmt::format("left out: the result of the stage '{}' cannot be used: {}",
                                       store_.stage_folder(id).string(), error.what()));
      }
      if (bar) progress_.advance(++done, "");
    }
    if (bar) progress_.end(fmt::format("{}: {} read", label, ids.size() - warnings.size()));
    for (const std::string& warning : warnings) progress_.warn(warning);
  }

  Database& database_;
  const Store& store_;
  Progress& progress_;
};

}  // namespace

std::int64_t bytes_in(const fs::path& folder) {
  std::int64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;  // a link to nowhere, a file removed meanwhile
    if (at->is_regular_file(ignored)) {
      const std::uintmax_t size = at->file_size(ignored);
      if (!ignored) bytes += static_cast<std::int64_t>(size);
    }
  }
  return bytes;
}

void update_index(Database& database, const Store& store, Progress& progress) {
  Transaction transaction(database);
  Update update(database, store, progress);
  update.configurations();  // first: a stage that is gone opens the configurations that are known
  update.stages();
  update.failures();
  update.finish();
  transaction.commit();
}

}  // namespace pollard
