-- Before the code that needs it. Which process has which share of the work, while several share one
-- database (docs/decisions/0037)? Times are of the database's clock. With SQLite both stay empty.

CREATE TABLE workers (
    -- host, process id and a part that is new with each start
    owner TEXT PRIMARY KEY,
    started_at REAL NOT NULL,
    -- until when it counts as living without a further sign
    lease_until REAL NOT NULL
);

CREATE TABLE leases (
    -- 'shard:17' of subjects and queues, 'pull:<open_kfid>', 'loops'
    name TEXT PRIMARY KEY,
    -- empty = nobody's
    owner TEXT NOT NULL DEFAULT '',
    -- rises with each taking: who comes with an older one commits nothing
    epoch INTEGER NOT NULL DEFAULT 0
);
