#include "experiment/sweep/job_book.h"

#include <utility>

#include "pollard/error.h"

namespace pollard {
namespace {

constexpr const char* kTables = R"(
create table if not exists jobs (
  id text primary key,          -- of the stage
  parent text not null,         -- that it waits for
  kind text not null, label text not null,
  epochs integer not null,      -- to train
  state text not null,          -- pending, running, done, failed or interrupted
  attempts integer not null default 0,
  started text, changed text, heartbeat text,  -- UTC
  why text not null default '') strict)";

// A damaged one is put aside.
Database open(const std::filesystem::path& file, Progress& progress) {
  try {
    Database database(file);
    database.run(kTables);
    static_cast<void>(database.number("select count(*) from jobs where state = ''"));
    return database;
  } catch (const DatabaseError& error) {
    if (error.code() != ErrorCode::Input) throw;
    progress.warn(std::string(error.what()) + "; the states are taken from the store");
  }
  for (const char* ending : {"", "-wal", "-shm"}) {
    std::filesystem::path damaged = file;
    damaged += ending;
    std::error_code ignored;
    std::filesystem::remove(damaged, ignored);
  }
  Database database(file);
  database.run(kTables);
  return database;
}

}  // namespace

JobBook::JobBook(std::filesystem::path file, const JobQueue& queue, Progress& progress)
    : database_(open(file, progress)) {
  begin(queue);
}

void JobBook::begin(const JobQueue& queue) {
  Transaction all(database_);
  Statement insert(database_,
                   "insert into jobs (id, parent, kind, label, epochs, state) values (?,?,?,?,?,?) "
                   "on conflict (id) do update set parent = excluded.parent, "
                   "epochs = excluded.epochs, state = excluded.state");
  for (std::size_t i = 0; i < queue.jobs().size(); ++i) {
    const Job& job = queue.jobs()[i];
    insert.run(job.id, job.parent, job.kind, job.label, job.epochs, state_name(queue.state(i)));
  }
  all.commit();
}

void JobBook::set(std::string_view job, JobState state, std::string_view why) {
  Statement(database_,
            "update jobs set state = ?1, why = ?2, changed = datetime('now'), "
            "attempts = attempts + (?1 = 'running'), "
            "started = iif(?1 = 'running', datetime('now'), started) where id = ?3")
      .run(state_name(state), why, job);
}

void JobBook::beat(std::span<const std::string> running) {
  Statement update(database_, "update jobs set heartbeat = datetime('now') where id = ?");
  for (const std::string& job : running) update.run(job);
}

}  // namespace pollard
