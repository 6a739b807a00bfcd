-- Before the code that needs it. Where a physical reward is sent: sealed for its person, and forgotten after it was sent.

CREATE TABLE referral_addresses (
    -- the grant it is for
    grant_id TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    -- JSON name, phone, address; sealed
    body BLOB NOT NULL,
    given_at REAL NOT NULL,
    -- the customer said that it is right, NULL = not yet
    confirmed_at REAL
) WITHOUT ROWID;
CREATE INDEX referral_addresses_of ON referral_addresses (external_userid);
