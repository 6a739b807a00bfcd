-- Before the code that needs it. What people decided about invitations, and which inviters asked them to look.

CREATE TABLE referral_reviews (
    -- the invitation; who decides again says so here, and the inviter is told again
    invite TEXT PRIMARY KEY,
    -- of the inviter
    state TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- 1 = it counts
    counts INTEGER NOT NULL,
    by TEXT NOT NULL,
    why TEXT NOT NULL,
    at REAL NOT NULL,
    -- when the inviter was told, NULL = that is still owed
    told_at REAL
) WITHOUT ROWID;
CREATE INDEX referral_reviews_of ON referral_reviews (external_userid);

CREATE TABLE referral_appeals (
    -- of the inviter
    state TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    at REAL NOT NULL,
    -- when everything he could appeal against was decided
    closed_at REAL,
    PRIMARY KEY (state, at)
) WITHOUT ROWID;
CREATE INDEX referral_appeals_of ON referral_appeals (external_userid);
