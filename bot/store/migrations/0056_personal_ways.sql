-- Before the code that needs it. Contact ways of single customers, such as those who invite friends; apart from those of
-- channels, which all are looked at every few seconds.

CREATE TABLE personal_ways (
    -- claimed in channel_states before WeCom hears of it
    state TEXT PRIMARY KEY,
    config_id TEXT NOT NULL DEFAULT '',
    -- picture of the code at WeCom, and what it says
    url TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    -- when it was first tried to be made: whatever was made since then may be ours
    tried_at REAL,
    made_at REAL,
    deleted_at REAL
) WITHOUT ROWID;
