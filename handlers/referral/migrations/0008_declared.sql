-- Before the code that needs it. What customers say that they did and nobody can verify: it is counted apart, and earns nothing.

CREATE TABLE referral_declared (
    campaign TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- followed: the official account
    what TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (campaign, external_userid, what)
) WITHOUT ROWID;
CREATE INDEX referral_declared_of ON referral_declared (external_userid);
