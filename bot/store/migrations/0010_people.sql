-- Before the code that needs it. Who is whom: what identifies a customer, which persons are one, what is known of them.
-- `customers.person_id` names the data key and never changes; a merge is a row that can be undone.

CREATE INDEX customers_of_person ON customers (person_id);

CREATE TABLE identities (
    external_userid TEXT NOT NULL,
    -- unionid | phone (verified)
    kind TEXT NOT NULL,
    -- keyed hash of the value: equal keys are equal values
    key TEXT NOT NULL,
    -- the value, sealed with the person's key
    body BLOB NOT NULL,
    source TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (external_userid, kind, key)
) WITHOUT ROWID;
CREATE INDEX identities_by_key ON identities (kind, key);

-- Edges between persons; what they connect is one person. Opaque ids only.
CREATE TABLE merges (
    id TEXT PRIMARY KEY,
    kept TEXT NOT NULL,
    merged TEXT NOT NULL,
    -- unionid | phone | hand
    evidence TEXT NOT NULL,
    why TEXT NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    undone_at REAL,
    undone_by TEXT NOT NULL DEFAULT '',
    undone_why TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX merges_of_kept ON merges (kept);
CREATE INDEX merges_of_merged ON merges (merged);

-- What the merges add up to: persons that are read as another one. Can be made again from `merges`.
CREATE TABLE kept_persons (
    person_id TEXT PRIMARY KEY,
    kept TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX kept_persons_by_kept ON kept_persons (kept);

CREATE TABLE attributes (
    external_userid TEXT NOT NULL,
    name TEXT NOT NULL,
    -- public and internal ones are plain, personal and sensitive ones sealed
    value TEXT NOT NULL DEFAULT '',
    body BLOB,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (external_userid, name)
) WITHOUT ROWID;

-- By which channel a customer came first and last (R-3.4).
CREATE TABLE touches (
    external_userid TEXT PRIMARY KEY,
    first_channel TEXT NOT NULL,
    first_at REAL NOT NULL,
    last_channel TEXT NOT NULL,
    last_at REAL NOT NULL
) WITHOUT ROWID;

-- What happened to customers that other systems may follow; ids and names of tags only.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    at REAL NOT NULL,
    -- JSON
    data TEXT NOT NULL
);
CREATE INDEX changes_by_age ON changes (at);
CREATE INDEX changes_of_customer ON changes (external_userid, id);

-- How far each follower has read `changes`.
CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    change_id INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;

-- Files that were exported, and whose data is in each: erasure lists them.
CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    lines INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE export_lines (
    export TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    PRIMARY KEY (external_userid, export)
) WITHOUT ROWID;
