-- Before the code that needs it. What stands behind a channel at WeCom, and who cannot receive any more.

CREATE TABLE contact_ways (
    channel TEXT PRIMARY KEY,
    -- empty: of a kf link, or not made yet. Lost with this row: the console does not show it (R-3.2)
    config_id TEXT NOT NULL DEFAULT '',
    -- picture of the code at WeCom, or address of the kf link
    url TEXT NOT NULL DEFAULT '',
    -- JSON: members or groups, as WeCom has them; empty = not known
    leads_to TEXT NOT NULL DEFAULT '',
    -- when it was first tried to be made: whatever was made since then may be ours
    tried_at REAL,
    pushed_at REAL,
    -- why the last try came to nothing
    error TEXT NOT NULL DEFAULT '',
    error_at REAL
) WITHOUT ROWID;

-- Members without customer contact any more: left, or moved to another job (C07).
CREATE TABLE away_members (
    -- lower-cased
    userid TEXT PRIMARY KEY,
    since REAL NOT NULL
) WITHOUT ROWID;

-- How full the groups of group codes are, as they were read last.
CREATE TABLE group_fill (
    chat_id TEXT PRIMARY KEY,
    members INTEGER NOT NULL,
    read_at REAL NOT NULL
) WITHOUT ROWID;

-- Which customers came into a group by which code; kept when they leave.
CREATE TABLE group_joins (
    external_userid TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    state TEXT NOT NULL,
    joined_at REAL NOT NULL,
    PRIMARY KEY (external_userid, chat_id, joined_at)
) WITHOUT ROWID;
CREATE INDEX group_joins_by_state ON group_joins (state, joined_at);
