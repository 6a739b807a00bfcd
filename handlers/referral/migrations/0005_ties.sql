-- Before the code that reads it. Who invited whom is read from either end; addresses and phones that were given for prizes are
-- compared, as keyed hashes, which nobody can read back.

CREATE INDEX referral_participants_of ON referral_participants (external_userid);

CREATE TABLE referral_receipts (
    external_userid TEXT NOT NULL,
    -- address | phone
    kind TEXT NOT NULL,
    -- keyed hash: equal marks are equal values
    mark TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (external_userid, kind, mark)
) WITHOUT ROWID;
CREATE INDEX referral_receipts_by_mark ON referral_receipts (kind, mark);
