-- Before the code that needs it. Which states of signing in have come back? Each serves once, for every process.

CREATE TABLE oauth_states (
    -- what WeCom was shown: the hash of a secret that only a browser's cookie holds
    state TEXT PRIMARY KEY,
    used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX oauth_states_by_age ON oauth_states (used_at);
