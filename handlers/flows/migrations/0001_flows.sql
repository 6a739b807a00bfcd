-- Flows that customers are in, or were: one of a kind for each, ever (R-9.2).
CREATE TABLE flow_runs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    flow TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- the member whose friend he is, empty = nobody's
    userid TEXT NOT NULL DEFAULT '',
    -- where the customer writes, empty = nowhere yet
    open_kfid TEXT NOT NULL DEFAULT '',
    channel TEXT NOT NULL DEFAULT '',
    -- definition with which it began
    version TEXT NOT NULL,
    started_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    -- the step that is due next, or waits for its evidence
    step TEXT NOT NULL DEFAULT '',
    -- running | done | expired | refused | cancelled
    state TEXT NOT NULL DEFAULT 'running',
    ended_at REAL,
    why TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE UNIQUE INDEX flow_runs_one_of_a_kind ON flow_runs (external_userid, kind);
CREATE INDEX flow_runs_started ON flow_runs (flow, started_at);

CREATE TABLE flow_steps (
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- when its wait began, and when it comes due
    begun_at REAL NOT NULL,
    due_at REAL NOT NULL,
    -- planned | blocked | task_created | confirmed | delivered | impossible
    reach TEXT NOT NULL DEFAULT 'planned',
    why TEXT NOT NULL DEFAULT '',
    -- definition that was used, empty = it was not said yet
    version TEXT NOT NULL DEFAULT '',
    asked_at REAL,
    -- JSON: when it was reminded of
    reminded TEXT NOT NULL DEFAULT '[]',
    -- done | skipped | given_up, NULL = it is not over
    outcome TEXT,
    ended_at REAL,
    -- verified | self-declared
    evidence TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE INDEX flow_steps_of_customer ON flow_steps (external_userid);
