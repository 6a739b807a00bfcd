-- Before the code that needs it. What was wrong with the service, since when, and what people did?

CREATE TABLE alarms (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    shown TEXT NOT NULL,
    opened_at REAL NOT NULL,
    opened_by TEXT NOT NULL,
    told_at REAL NOT NULL,
    ended_at REAL,
    ended_by TEXT NOT NULL DEFAULT ''
);
-- one of a kind is open, whoever sees it first
CREATE UNIQUE INDEX alarms_open ON alarms (kind) WHERE ended_at IS NULL;
CREATE INDEX alarms_by_age ON alarms (ended_at);

-- What was done about an incident, and what was said to be late.
CREATE TABLE incident_steps (
    alarm INTEGER NOT NULL REFERENCES alarms (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (alarm, step)
);
