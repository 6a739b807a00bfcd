-- Before the code that needs it. What lies ready to be sent, and which links of ours lead to it?

CREATE TABLE materials (
    id TEXT PRIMARY KEY,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    -- JSON: what is sent
    body TEXT NOT NULL,
    -- first letters of the pinyin of the title and of what is found beside it
    initials TEXT NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    -- of its links, by whomever
    opens INTEGER NOT NULL DEFAULT 0,
    updated_at REAL NOT NULL,
    updated_by TEXT NOT NULL
) WITHOUT ROWID;

-- Where a link leads says nothing of anybody, and outlives whom it was sent to.
CREATE TABLE links (
    token TEXT PRIMARY KEY,
    material TEXT NOT NULL,
    url TEXT NOT NULL,
    made_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE link_sends (
    token TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    -- empty = a chat between friends
    open_kfid TEXT NOT NULL,
    userid TEXT NOT NULL,
    material TEXT NOT NULL,
    made_at REAL NOT NULL,
    -- as the page has reported it
    sent_at REAL,
    -- when the sender was last told that it was opened
    told_at REAL
) WITHOUT ROWID;
CREATE INDEX link_sends_of_customer ON link_sends (external_userid, material);
CREATE INDEX link_sends_by_age ON link_sends (made_at);

-- Only of customers who had agreed to it.
CREATE TABLE link_opens (
    token TEXT NOT NULL,
    at REAL NOT NULL,
    external_userid TEXT NOT NULL,
    material TEXT NOT NULL,
    PRIMARY KEY (token, at)
) WITHOUT ROWID;
CREATE INDEX link_opens_of_customer ON link_opens (external_userid, at);
CREATE INDEX link_opens_by_age ON link_opens (at);
