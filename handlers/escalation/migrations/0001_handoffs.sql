-- What came of each request for a person. No customer text; kept with the messages.

CREATE TABLE handoffs (
    id INTEGER PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- requested | queued | already | nobody | refused | ended | taken | closed
    status TEXT NOT NULL,
    servicer_userid TEXT,
    requested_at REAL NOT NULL,
    changed_at REAL NOT NULL
);
CREATE INDEX handoffs_of_conversation ON handoffs (open_kfid, external_userid, id);
CREATE INDEX handoffs_by_age ON handoffs (changed_at);
