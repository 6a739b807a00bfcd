-- Before the code that needs it. Who takes whose place when a member leaves or gets another job (C07), and how far each
-- customer is on the way.

CREATE TABLE successions (
    id TEXT PRIMARY KEY,
    -- both lower-cased: WeCom does not tell cases apart
    member TEXT NOT NULL,
    successor TEXT NOT NULL,
    -- 1 = the member has left the company, 0 = has another job in it
    has_left INTEGER NOT NULL,
    -- what WeCom tells each customer, empty = its own words
    message TEXT NOT NULL DEFAULT '',
    by TEXT NOT NULL,
    -- of several for one member the youngest says whom codes lead to
    at REAL NOT NULL,
    -- when WeCom was asked last: for the list of who has nobody, and what became of the customers
    listed_at REAL,
    looked_at REAL,
    -- why the last try came to nothing
    error TEXT NOT NULL DEFAULT '',
    error_at REAL,
    -- when the leaders were told how it ended
    told_at REAL,
    -- the member is back: codes lead to him again, nobody else is asked
    ended_at REAL
) WITHOUT ROWID;
CREATE UNIQUE INDEX successions_open ON successions (member, successor, has_left) WHERE ended_at IS NULL;

CREATE TABLE passed_customers (
    succession TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- planned | asking | waiting | taken_over | refused | full | limited | failed | withdrawn
    state TEXT NOT NULL,
    errcode INTEGER,
    asked_at REAL,
    -- when WeCom says that the successor has them
    taken_at REAL,
    changed_at REAL NOT NULL,
    PRIMARY KEY (succession, external_userid)
) WITHOUT ROWID;
CREATE INDEX passed_customers_of ON passed_customers (external_userid);
CREATE INDEX passed_customers_open ON passed_customers (state, succession, external_userid)
    WHERE state IN ('planned', 'asking', 'waiting');

-- Members for whom a single customer's code was made, and to whom it leads at WeCom. JSON; empty = not known.
ALTER TABLE personal_ways ADD COLUMN users TEXT NOT NULL DEFAULT '';
ALTER TABLE personal_ways ADD COLUMN leads_to TEXT NOT NULL DEFAULT '';
