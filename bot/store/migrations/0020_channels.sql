-- Before the code that needs it. By which channels customers come (R-3.1–R-3.4).

CREATE TABLE channels (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- contact | kf | partner | group | staff
    kind TEXT NOT NULL,
    -- natural | paid | referral
    source TEXT NOT NULL,
    -- JSON, as in config.yaml
    definition TEXT NOT NULL,
    -- config | hand: what config.yaml says is changed there alone
    origin TEXT NOT NULL,
    created_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    -- NULL = it is open
    paused_at REAL
) WITHOUT ROWID;

-- Which channel, or participant of a campaign, a state or scene means. Written before WeCom hears of it, never
-- deleted: a printed poster may come back after years.
CREATE TABLE channel_states (
    state TEXT PRIMARY KEY CHECK (LENGTH(state) BETWEEN 1 AND 30),
    -- channel | whatever else hands out states
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    made_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX channel_states_of ON channel_states (kind, id);

-- By which scene a customer opened which chat: first and last time of each; '' = none was told.
CREATE TABLE entrances (
    external_userid TEXT NOT NULL,
    open_kfid TEXT NOT NULL,
    scene TEXT NOT NULL,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL,
    PRIMARY KEY (external_userid, open_kfid, scene)
) WITHOUT ROWID;
CREATE INDEX entrances_by_scene ON entrances (scene, first_at);

CREATE INDEX relation_events_by_time ON relation_events (kind, at);
