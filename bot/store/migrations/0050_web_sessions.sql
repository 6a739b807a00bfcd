-- Before the code that needs it. Which browsers are signed in as which member? Of tokens only hashes.

CREATE TABLE web_sessions (
    id TEXT PRIMARY KEY,
    userid TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    -- the token before, which requests that were on their way may still show for a minute
    old_hash BLOB,
    old_until REAL NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    rotated_at REAL NOT NULL,
    seen_at REAL NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX web_sessions_by_token ON web_sessions (token_hash);
CREATE INDEX web_sessions_by_old_token ON web_sessions (old_hash) WHERE old_hash IS NOT NULL;
CREATE INDEX web_sessions_of_member ON web_sessions (userid);
CREATE INDEX web_sessions_by_age ON web_sessions (seen_at);
