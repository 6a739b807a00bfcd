-- Before the code that needs it. Whom did we write to who had not asked, and whom not, and why (R-10.4)?

CREATE TABLE outreach (
    id INTEGER PRIMARY KEY,
    external_userid TEXT NOT NULL,
    at REAL NOT NULL,
    -- what reached out, and which of them
    feature TEXT NOT NULL,
    ref TEXT NOT NULL,
    -- why this customer and why now
    reason TEXT NOT NULL,
    promo INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    -- why not; empty = it was planned, and counts while what carries it does
    refused TEXT NOT NULL,
    -- of the outbox row that carries it, empty = none does
    msgid TEXT NOT NULL,
    -- what came to nothing does not count
    withdrawn_at REAL
);
CREATE INDEX outreach_of_customer ON outreach (external_userid, at);
CREATE INDEX outreach_by_age ON outreach (at);
