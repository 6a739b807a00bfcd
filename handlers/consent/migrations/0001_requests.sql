-- What customers asked to have done with their data, and by when they must have an answer.
CREATE TABLE requests (
    -- made of kind and message: a repeat is the same one
    id TEXT PRIMARY KEY,
    -- erase | export | correct
    kind TEXT NOT NULL,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    msgid TEXT NOT NULL,
    asked_at REAL NOT NULL,
    due_at REAL NOT NULL,
    -- asked (wants to be confirmed) | open | done | dropped
    state TEXT NOT NULL,
    ended_at REAL,
    ended_by TEXT NOT NULL DEFAULT '',
    -- sealed: what was done
    note BLOB
) WITHOUT ROWID;
CREATE UNIQUE INDEX requests_unended ON requests (external_userid, kind) WHERE ended_at IS NULL;
CREATE INDEX requests_of_customer ON requests (external_userid, asked_at);
CREATE INDEX requests_by_age ON requests (asked_at);
