-- Before the code that needs it. Coupon codes of every kind: imported, given once, redeemed once at a till.

CREATE TABLE coupons (
    pool TEXT NOT NULL,
    code TEXT NOT NULL,
    imported_at REAL NOT NULL,
    -- Unix seconds, NULL = never
    expires_at REAL,
    -- what it was given for (a grant, a redemption), NULL = it is free
    given_for TEXT UNIQUE,
    -- whose it is, and what it is called at the till
    external_userid TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    given_at REAL,
    -- when somebody saw to it that the customer hears of its end
    reminded_at REAL,
    redeemed_at REAL,
    -- staff:…, api, or the operator's name
    redeemed_by TEXT NOT NULL DEFAULT '',
    -- what names the request: the same once more is answered alike
    redeemed_ref TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (pool, code)
) WITHOUT ROWID;
CREATE INDEX coupons_free ON coupons (pool) WHERE given_for IS NULL;
CREATE INDEX coupons_by_code ON coupons (code);
CREATE INDEX coupons_of ON coupons (external_userid);
CREATE INDEX coupons_ending ON coupons (expires_at) WHERE given_for IS NOT NULL AND redeemed_at IS NULL AND reminded_at IS NULL;
