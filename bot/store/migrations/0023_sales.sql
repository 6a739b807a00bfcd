-- Before the code that needs it. What was paid for, whoever bought it; and what each channel costs.

CREATE TABLE sales (
    -- the shop's own number: a repeat is the same order
    number TEXT PRIMARY KEY,
    shop TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    -- in 分
    amount INTEGER NOT NULL,
    refunded INTEGER NOT NULL DEFAULT 0,
    paid_at REAL,
    -- when the shop says that this became so; what is older changes nothing
    changed_at REAL NOT NULL,
    -- '' = nobody we know (yet)
    external_userid TEXT NOT NULL DEFAULT '',
    -- customer | unionid | phone | hand
    matched_by TEXT NOT NULL DEFAULT '',
    matched_at REAL,
    -- no_identity | unknown | ambiguous
    unmatched_why TEXT NOT NULL DEFAULT '',
    -- keyed hashes, as in `identities`
    unionid_key TEXT NOT NULL DEFAULT '',
    phone_key TEXT NOT NULL DEFAULT '',
    -- title and categories; sealed for the buyer, or for the company while nobody is known
    body BLOB,
    received_at REAL NOT NULL,
    -- when the buyer's mailbox was told
    told_at REAL
) WITHOUT ROWID;
CREATE INDEX sales_of_customer ON sales (external_userid, paid_at);
CREATE INDEX sales_by_unionid ON sales (unionid_key) WHERE external_userid = '' AND unionid_key <> '';
CREATE INDEX sales_by_phone ON sales (phone_key) WHERE external_userid = '' AND phone_key <> '';

-- What a channel cost on a local day, as people entered it. No row = unknown, not nothing (R-3.5).
CREATE TABLE channel_costs (
    channel TEXT NOT NULL,
    -- 2026-11-20
    day TEXT NOT NULL,
    -- in 分
    amount INTEGER NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (channel, day)
) WITHOUT ROWID;
