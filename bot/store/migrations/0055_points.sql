-- Before the code that needs it. Points: an append-only double-entry ledger (R-8.1). Every transaction has two postings that
-- add up to nothing; a balance is a sum of rows. Nothing is ever changed or counted down.

CREATE TABLE points_postings (
    id INTEGER PRIMARY KEY,
    -- names the transaction; unique per person, source and source_id: what is told twice is booked once
    txn TEXT NOT NULL,
    -- wallet, or where points come from and go to: issued:referral, spent:redeem, lapsed
    account TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- points; negative = out of this account
    amount INTEGER NOT NULL CHECK (amount <> 0),
    at REAL NOT NULL,
    -- of what was earned, NULL = never
    expires_at REAL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- who booked by hand and why; empty = a rule did
    by TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '',
    UNIQUE (txn, account)
);
CREATE INDEX points_of ON points_postings (external_userid, account, at);
CREATE TRIGGER points_are_never_changed BEFORE UPDATE ON points_postings
BEGIN SELECT RAISE(ABORT, 'points are booked, not changed'); END;
