-- Before the code that needs it. What K is counted from in any window, what was changed in a campaign, and what was advised.

-- Invite actions (R-3.5.4): the first of each hour in which a participant asked for his poster.
CREATE TABLE referral_acts (
    state TEXT NOT NULL,
    hour INTEGER NOT NULL,
    at REAL NOT NULL,
    campaign TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    PRIMARY KEY (state, hour)
) WITHOUT ROWID;
CREATE INDEX referral_acts_at ON referral_acts (campaign, at);
CREATE INDEX referral_acts_of ON referral_acts (external_userid);
INSERT INTO referral_acts (state, hour, at, campaign, external_userid)
SELECT state, 0, invited_at, campaign, external_userid FROM referral_participants WHERE invited_at IS NOT NULL;

-- Every edit of a campaign that was there: before, after, by whom and why.
CREATE TABLE referral_changes (
    campaign TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    why TEXT NOT NULL,
    -- JSON, as in referral_campaigns
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (campaign, at)
) WITHOUT ROWID;

-- Hourly evaluations of K over seven days.
CREATE TABLE referral_looks (
    campaign TEXT NOT NULL,
    at REAL NOT NULL,
    inviters INTEGER NOT NULL,
    credited INTEGER NOT NULL,
    is_low INTEGER NOT NULL,
    PRIMARY KEY (campaign, at)
) WITHOUT ROWID;
CREATE INDEX referral_looks_by_age ON referral_looks (at);

-- What could help a low K; a person applies it or puts it aside.
CREATE TABLE referral_advice (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    -- lower_first | two_sided | prolong
    kind TEXT NOT NULL,
    -- JSON: what would happen, as far as the ledger says
    expected TEXT NOT NULL,
    at REAL NOT NULL,
    -- open | applied | dismissed
    standing TEXT NOT NULL,
    decided_at REAL,
    by TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE UNIQUE INDEX referral_advice_open ON referral_advice (campaign, kind) WHERE standing = 'open';
