-- Runs of messages (R-11.6). `case_steps`, `messages` and `outbox` are the truth; a case is what
-- they add up to and can be made again from them.
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    opened_at REAL NOT NULL,
    active_at REAL NOT NULL,
    -- bot | wanted | queued | assigned | serving | ticket | closed
    status TEXT NOT NULL,
    level INTEGER NOT NULL,
    reason TEXT NOT NULL,
    servicer TEXT NOT NULL,
    wanted_at REAL,
    given_at REAL,
    waiting_since REAL,
    answered_at REAL,
    served_level INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    closed_at REAL,
    outcome TEXT NOT NULL,
    steps INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX cases_open ON cases (open_kfid, external_userid) WHERE closed_at IS NULL;
CREATE INDEX cases_of_conversation ON cases (open_kfid, external_userid, opened_at);
CREATE INDEX cases_quiet ON cases (active_at) WHERE closed_at IS NULL;
CREATE INDEX cases_with_servicer ON cases (servicer) WHERE status IN ('assigned', 'serving');
CREATE INDEX cases_waiting ON cases (priority DESC, wanted_at)
    WHERE status IN ('wanted', 'queued', 'ticket');
CREATE INDEX cases_closed ON cases (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE case_steps (
    case_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    at REAL NOT NULL,
    name TEXT NOT NULL,
    level INTEGER NOT NULL,
    servicer TEXT NOT NULL,
    reason TEXT NOT NULL,
    data TEXT NOT NULL,
    note BLOB,
    PRIMARY KEY (case_id, n)
) WITHOUT ROWID;
CREATE INDEX case_steps_by_age ON case_steps (at);
CREATE INDEX case_steps_of_customer ON case_steps (external_userid);
