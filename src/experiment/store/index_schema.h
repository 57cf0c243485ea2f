// The tables of STORE/index.sqlite, all of them, in one place. A change here, or of
// measures_of(), takes a new version: an index of another version is thrown away and made anew from
// the store's files.
#pragma once

namespace pollard {

/// PRAGMA user_version of an index that has these tables.
constexpr int kIndexVersion = 2;

/// `changed` is the file's (or folder's) time of change in nanoseconds: what was read of it stands
/// as long as that is the same.
constexpr const char* kIndexTables = R"(
-- A finished stage: STORE/ID/.
CREATE TABLE stages(
  id TEXT PRIMARY KEY,
  parent TEXT NOT NULL,           -- '' for the first of a chain
  kind TEXT NOT NULL,             -- train, import, prune, retrain, recalibrate
  label TEXT NOT NULL,            -- 'retrain 2/3'
  series TEXT NOT NULL,           -- equal for retrainings that differ in length alone
  epochs INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  seconds REAL NOT NULL,
  bytes INTEGER NOT NULL,         -- of its files
  finished_at INTEGER NOT NULL,   -- seconds since 1970
  result TEXT NOT NULL,           -- JSON: an entry of "stages" in result.json, without its layers
  changed INTEGER NOT NULL
) WITHOUT ROWID;

-- Why the last attempt at a stage failed: STORE/failed/ID.json.
CREATE TABLE failures(
  stage TEXT PRIMARY KEY,
  error TEXT NOT NULL,
  hint TEXT NOT NULL,
  changed INTEGER NOT NULL
) WITHOUT ROWID;

-- A chain of stages that someone wants: STORE/configurations/ID.json.
CREATE TABLE configurations(
  id TEXT PRIMARY KEY,            -- of its last stage
  finished INTEGER NOT NULL,      -- 1 where all its stages are: it has measures then
  changed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE members(
  configuration TEXT NOT NULL,
  position INTEGER NOT NULL,      -- from 0
  stage TEXT NOT NULL,            -- perhaps not in stages yet
  PRIMARY KEY(configuration, position)
) WITHOUT ROWID;
CREATE INDEX members_by_stage ON members(stage);

-- All settings in effect, defaults too.
CREATE TABLE settings(
  configuration TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(configuration, key)
) WITHOUT ROWID;

-- Of finished configurations; the names are those of measures_of() in configuration.h.
CREATE TABLE measures(
  configuration TEXT NOT NULL,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY(configuration, name)
) WITHOUT ROWID;

-- Finished configurations in one row each, with what is asked for most.
CREATE VIEW results AS
SELECT id,
  (SELECT value FROM settings WHERE configuration = id AND key = 'model') AS model,
  (SELECT value FROM settings WHERE configuration = id AND key = 'data') AS data,
  (SELECT value FROM settings WHERE configuration = id AND key = 'train.method') AS method,
  (SELECT value FROM settings WHERE configuration = id AND key = 'prune.allocation') AS allocation,
  CAST((SELECT value FROM settings WHERE configuration = id AND key = 'prune.sparsity') AS REAL)
    AS goal,
  CAST((SELECT value FROM settings WHERE configuration = id AND key = 'prune.cycles') AS INTEGER)
    AS cycles,
  (SELECT value FROM settings WHERE configuration = id AND key = 'retrain.schedule') AS schedule,
  CAST((SELECT value FROM settings WHERE configuration = id AND key = 'seed') AS INTEGER) AS seed,
  (SELECT value FROM measures WHERE configuration = id AND name = 'top1') AS top1,
  (SELECT value FROM measures WHERE configuration = id AND name = 'loss') AS loss,
  (SELECT value FROM measures WHERE configuration = id AND name = 'sparsity') AS sparsity,
  (SELECT value FROM measures WHERE configuration = id AND name = 'theoretical_speedup')
    AS theoretical_speedup,
  (SELECT value FROM measures WHERE configuration = id AND name = 'retrain_epochs')
    AS retrain_epochs,
  (SELECT value FROM measures WHERE configuration = id AND name = 'seconds') AS seconds
FROM configurations WHERE finished;
)";

}  // namespace pollard
