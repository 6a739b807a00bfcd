-- Data keys, each wrapped by the master key. Kept outside the data backup: deleting a row makes
-- everything sealed with it unreadable, in backups too.

CREATE TABLE wrapped_keys (
    owner TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL,
    -- which master key wrapped it: first 8 hex digits of its SHA-256
    master TEXT NOT NULL,
    created_at REAL NOT NULL
) WITHOUT ROWID;
