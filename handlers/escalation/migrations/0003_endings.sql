-- Why a case that a servicer served has ended, told after the end, and what is to be known of it.
CREATE TABLE case_endings (
    case_id TEXT PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    told_at REAL NOT NULL,
    told_by TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    note BLOB
);
CREATE INDEX case_endings_by_age ON case_endings (told_at);
