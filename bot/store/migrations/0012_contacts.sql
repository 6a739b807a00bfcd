-- Friendships between members and customers (wecom-api §4). `userid` is lower-cased: WeCom does
-- not tell cases apart. A row outlives its friendship: "new to the company" counts it too.
CREATE TABLE relations (
    userid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- the first friendship of this pair and where it came from, never changed; NULL = not known
    first_added_at REAL,
    first_state TEXT NOT NULL DEFAULT '',
    -- the present or last one
    added_at REAL,
    state TEXT NOT NULL DEFAULT '',
    add_way INTEGER,
    -- the chat is open, the member has not confirmed yet
    half INTEGER NOT NULL DEFAULT 0,
    deleted_at REAL,
    -- customer | staff | unknown, empty while they are friends
    deleted_by TEXT NOT NULL DEFAULT '',
    -- CreateTime of the event, or time of the reading, that made it so: older ones change nothing
    version REAL NOT NULL,
    -- since when the tags of this friendship are known; NULL = they must be read first
    tags_known_at REAL,
    -- WeCom refused to mark this customer for this member
    unmarkable_at REAL,
    -- the comparison that saw it last, by the moment at which that began
    seen_at REAL,
    PRIMARY KEY (userid, external_userid)
) WITHOUT ROWID;
CREATE INDEX relations_of_customer ON relations (external_userid);
CREATE INDEX relations_added ON relations (first_added_at);

-- Everything that ever happened to a pair; the key makes a repeat harmless.
CREATE TABLE relation_events (
    external_userid TEXT NOT NULL,
    userid TEXT NOT NULL,
    at REAL NOT NULL,
    -- added | half | deleted | transfer_failed | welcome_missed
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    -- who deleted, or why the transfer failed
    detail TEXT NOT NULL DEFAULT '',
    noted_at REAL NOT NULL,
    PRIMARY KEY (external_userid, userid, at, kind)
) WITHOUT ROWID;

-- Corp tags as WeCom has them on a friendship, and what we are about to change there.
CREATE TABLE relation_tags (
    userid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    tag_id TEXT NOT NULL,
    -- there | adding | removing | gone
    status TEXT NOT NULL,
    -- our books have had it: only such a tag is ever taken away
    ours INTEGER NOT NULL DEFAULT 0,
    at REAL NOT NULL,
    PRIMARY KEY (userid, external_userid, tag_id)
) WITHOUT ROWID;
CREATE INDEX relation_tags_by_tag ON relation_tags (tag_id);
CREATE INDEX relation_tags_of_customer ON relation_tags (external_userid);

-- The company's library of corp tags.
CREATE TABLE corp_tags (
    tag_id TEXT PRIMARY KEY,
    group_id TEXT NOT NULL,
    group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL DEFAULT 0,
    -- made by us
    ours INTEGER NOT NULL DEFAULT 0,
    deleted_at REAL,
    -- us | people
    deleted_by TEXT NOT NULL DEFAULT '',
    -- group：tag before people gave it another name
    was TEXT NOT NULL DEFAULT '',
    renamed_at REAL
) WITHOUT ROWID;
CREATE INDEX corp_tags_by_name ON corp_tags (group_name, name);

-- How far the comparison with WeCom has come, and whether we may ask at all.
CREATE TABLE contact_sync (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- friendships older than this existed before us: nobody missed their welcome
    since REAL,
    -- 1 | 0 | NULL = not tried
    permitted INTEGER,
    -- whose secret WeCom accepts: app | contact
    identity TEXT NOT NULL DEFAULT '',
    checked_at REAL NOT NULL DEFAULT 0,
    tags_read_at REAL NOT NULL DEFAULT 0,
    -- the run that is on its way: member and page to go on with
    started_at REAL,
    member TEXT NOT NULL DEFAULT '',
    cursor TEXT NOT NULL DEFAULT '',
    counts TEXT NOT NULL DEFAULT '{}',
    -- of the last run, whatever came of it; and of the last that read every page
    ended_at REAL,
    succeeded_at REAL,
    last_counts TEXT NOT NULL DEFAULT '{}',
    version INTEGER NOT NULL DEFAULT 0
);
INSERT INTO contact_sync (one) VALUES (1);
