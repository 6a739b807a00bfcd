-- Before the code that needs it. What has become of points at the end of their life: the notice before, and the end itself.

CREATE TABLE points_ends (
    -- of what was earned (points_postings.txn)
    txn TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    -- when the customer was told that they end, NULL = not yet
    noticed_at REAL,
    -- when what was left of them was booked out, or nothing was left, NULL = they still count
    settled_at REAL
) WITHOUT ROWID;
CREATE INDEX points_ends_of ON points_ends (external_userid);
CREATE INDEX points_by_end ON points_postings (expires_at) WHERE expires_at IS NOT NULL;
