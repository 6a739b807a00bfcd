-- What each request for a person came to is told by the steps of its case now.
DROP TABLE handoffs;

-- What is left of a case when nobody could take it: to be followed up by a person.
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    level INTEGER NOT NULL,
    reason TEXT NOT NULL,
    opened_at REAL NOT NULL,
    -- a servicer was told that it is his
    given_to TEXT NOT NULL DEFAULT '',
    given_at REAL,
    -- it goes on when somebody serves the customer: a report or a plan is due (D62)
    lasting INTEGER NOT NULL DEFAULT 0,
    done_at REAL,
    done_by TEXT NOT NULL DEFAULT '',
    -- what the customer left: a phone number
    contact BLOB
);
CREATE UNIQUE INDEX tickets_open ON tickets (open_kfid, external_userid) WHERE done_at IS NULL;
CREATE INDEX tickets_by_age ON tickets (opened_at);
CREATE INDEX tickets_todo ON tickets (opened_at) WHERE done_at IS NULL;

-- Cards that were sent about a case: who has one, and by what it can be changed.
CREATE TABLE case_cards (
    task_id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    userids TEXT NOT NULL,
    sent_at REAL NOT NULL,
    -- works once; empty = it is used, or never came
    response_code TEXT NOT NULL DEFAULT '',
    settled_at REAL
);
CREATE INDEX case_cards_of_case ON case_cards (case_id);
CREATE INDEX case_cards_by_age ON case_cards (sent_at);
