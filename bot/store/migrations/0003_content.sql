-- Before the code that needs it. Knowledge as versioned rows; nobody's personal data, so nothing is sealed.

-- One number that rises with every change of content.
CREATE TABLE content_version (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO content_version VALUES (1, 0);

CREATE TABLE entries (
    -- '' = what all accounts share, otherwise the open_kfid of an account with knowledge of its own
    base TEXT NOT NULL,
    id TEXT NOT NULL,
    -- JSON
    body TEXT NOT NULL,
    -- the file or the import that it came from, '' = written by a command or on a page
    origin TEXT NOT NULL DEFAULT '',
    -- digest of what the origin gave last, taken or not
    origin_hash TEXT NOT NULL DEFAULT '',
    -- what the origin gives now where an edit keeps it out ('' = nothing any more): a conflict
    offered TEXT,
    position INTEGER NOT NULL,
    edited INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0,
    -- the content version that made it so
    version INTEGER NOT NULL,
    updated_at REAL NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (base, id)
) WITHOUT ROWID;
CREATE INDEX entries_by_version ON entries (version);
CREATE INDEX entries_in_order ON entries (base, position);

-- Every state that an entry ever had, so that a change can be taken back.
CREATE TABLE entry_history (
    base TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    origin TEXT NOT NULL,
    edited INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    changed_at REAL NOT NULL,
    changed_by TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (base, id, version)
) WITHOUT ROWID;
CREATE INDEX entry_history_by_version ON entry_history (version);

-- Files and imports as they were when they were read last.
CREATE TABLE content_sources (
    base TEXT NOT NULL,
    origin TEXT NOT NULL,
    digest TEXT NOT NULL,
    read_at REAL NOT NULL,
    PRIMARY KEY (base, origin)
) WITHOUT ROWID;
