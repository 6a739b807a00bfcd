-- Before the code that needs it. Referral campaigns and their ledger (R-3.5). Nothing here counts: every count is a query.

CREATE TABLE referral_campaigns (
    id TEXT PRIMARY KEY,
    -- JSON, as in config.yaml
    definition TEXT NOT NULL,
    -- config | hand: what config.yaml says is changed there alone
    origin TEXT NOT NULL,
    -- Unix seconds; an add at either moment still counts
    start_at REAL NOT NULL,
    end_at REAL NOT NULL,
    created_at REAL NOT NULL,
    changed_at REAL NOT NULL
) WITHOUT ROWID;

-- What a campaign was when: an event that is told late is judged by the moment it happened.
CREATE TABLE referral_phases (
    campaign TEXT NOT NULL,
    at REAL NOT NULL,
    -- open | paused | ended
    phase TEXT NOT NULL,
    by TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (campaign, at)
) WITHOUT ROWID;

-- Who invites in which campaign, by which state.
CREATE TABLE referral_participants (
    campaign TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- of his contact way; claimed in channel_states before WeCom hears of it
    state TEXT NOT NULL UNIQUE,
    -- where he joined, and is told
    open_kfid TEXT NOT NULL,
    -- version of the rewards that he sees, of an experiment
    arm TEXT NOT NULL DEFAULT '',
    joined_at REAL NOT NULL,
    -- when he last asked for his poster: the invite action of K (R-3.5.4)
    invited_at REAL,
    -- the code at WeCom was deleted
    closed_at REAL,
    PRIMARY KEY (campaign, external_userid)
) WITHOUT ROWID;

-- Every add by a participant's code, credited or not, with the reason (R-3.5.1). One row per event.
CREATE TABLE referral_invites (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    -- state of the inviter
    state TEXT NOT NULL,
    -- the newcomer, and the member whom he added
    external_userid TEXT NOT NULL,
    userid TEXT NOT NULL,
    -- when he added, and when we learnt of it
    at REAL NOT NULL,
    noted_at REAL NOT NULL,
    -- refused | review | pending | valid | revoked
    standing TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    -- JSON: what spoke against it, and how much
    signals TEXT NOT NULL DEFAULT '[]',
    -- a person has looked at it; what he said holds against the rules of risk
    reviewed_by TEXT NOT NULL DEFAULT '',
    thaws_at REAL NOT NULL,
    changed_at REAL NOT NULL
) WITHOUT ROWID;
-- a person is credited once in a campaign (R-3.5.1); what was revoked keeps its place
CREATE UNIQUE INDEX referral_invites_once ON referral_invites (campaign, external_userid)
    WHERE standing <> 'refused';
CREATE INDEX referral_invites_of ON referral_invites (state, standing, at);
CREATE INDEX referral_invites_by_person ON referral_invites (external_userid, campaign);
CREATE INDEX referral_invites_by_campaign ON referral_invites (campaign, standing, at);

-- How each of them came to stand as it does; written by the same statement that changes it.
CREATE TABLE referral_steps (
    id INTEGER PRIMARY KEY,
    invite TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    at REAL NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX referral_steps_of ON referral_steps (invite, id);
CREATE INDEX referral_steps_by_person ON referral_steps (external_userid);

-- What somebody has reached: one row per campaign, person, tier and side (R-3.5.3).
CREATE TABLE referral_grants (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- of the inviter through whom it came
    state TEXT NOT NULL,
    -- invites that were needed; 0 on the newcomer's side
    tier INTEGER NOT NULL,
    -- inviter | newcomer
    side TEXT NOT NULL,
    -- key among the campaign's rewards, and what that was when it was reached (JSON)
    reward TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- queued (nothing left) | owed (stock is taken) | given | withdrawn | none
    standing TEXT NOT NULL,
    -- fen, 0 unless it is owed or given
    cost INTEGER NOT NULL,
    reached_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    -- when it was said to the customer, NULL = that is still owed
    told_at REAL,
    UNIQUE (campaign, external_userid, tier, side)
) WITHOUT ROWID;
CREATE INDEX referral_grants_of ON referral_grants (external_userid, campaign);
CREATE INDEX referral_grants_stock ON referral_grants (campaign, reward, standing, reached_at);

-- Coupon codes that were imported; each is given once.
CREATE TABLE referral_codes (
    pool TEXT NOT NULL,
    code TEXT NOT NULL,
    imported_at REAL NOT NULL,
    expires_at REAL,
    -- the grant it was given for, NULL = it is free
    given_for TEXT UNIQUE,
    redeemed_at REAL,
    redeemed_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (pool, code)
) WITHOUT ROWID;
CREATE INDEX referral_codes_free ON referral_codes (pool) WHERE given_for IS NULL;

-- Who may not invite: staff, and who was found out (R-3.5.1).
CREATE TABLE referral_barred (
    external_userid TEXT PRIMARY KEY,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    why TEXT NOT NULL
) WITHOUT ROWID;
