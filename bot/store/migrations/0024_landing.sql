-- Before the code that needs it. Who opened a landing page, as far as that is anybody's business: no address, no device.
CREATE TABLE landing_visits (
    -- random; comes back as scene_param, or as state of an acquisition link
    token TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    at REAL NOT NULL,
    utm_source TEXT NOT NULL DEFAULT '',
    utm_medium TEXT NOT NULL DEFAULT '',
    utm_campaign TEXT NOT NULL DEFAULT '',
    -- host alone
    referrer TEXT NOT NULL DEFAULT '',
    -- when the way to WeCom was taken
    tapped_at REAL,
    -- JSON: purpose -> whether it was ticked; empty = not asked
    choices TEXT NOT NULL DEFAULT '',
    notice_version TEXT NOT NULL DEFAULT '',
    -- who it was, once they came
    external_userid TEXT NOT NULL DEFAULT '',
    arrived_at REAL
) WITHOUT ROWID;
CREATE INDEX landing_visits_by_channel ON landing_visits (channel, at);
CREATE INDEX landing_visits_by_age ON landing_visits (at);
