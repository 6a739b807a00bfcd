-- What was offered to be done for a customer in the company's systems, and what came of it.

CREATE TABLE errands (
    -- the key that the other system gets
    id TEXT PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    tool TEXT NOT NULL,
    -- offered | replaced | cancelled | expired | withdrawn
    -- | confirmed | withheld | recalled | done | refused | not_made | unknown
    state TEXT NOT NULL,
    -- who proposed it
    wanted_by TEXT NOT NULL DEFAULT '',
    offered_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    -- the message in which the customer confirmed
    confirmed_msgid TEXT NOT NULL DEFAULT '',
    ended_at REAL,
    -- sealed: the arguments, as they were shown
    arguments BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX errands_of_customer ON errands (external_userid, offered_at);
CREATE INDEX errands_by_age ON errands (offered_at);
