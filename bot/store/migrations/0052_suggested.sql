-- Before the code that needs it. What became of suggestions, and what did colleagues answer by themselves?

CREATE TABLE suggestion_outcomes (
    id INTEGER PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    userid TEXT NOT NULL,
    at REAL NOT NULL,
    suggestion INTEGER NOT NULL,
    -- the message that it answers, empty = a text that the member pasted
    msgid TEXT NOT NULL,
    source TEXT NOT NULL,
    ref TEXT NOT NULL,
    -- sent as it was, edited before, or rejected
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    -- what was suggested and what was sent; sealed
    body BLOB,
    -- when WeCom told us of the message itself, and under which id
    confirmed_at REAL,
    confirmed_msgid TEXT
);
CREATE INDEX suggestion_outcomes_of_customer ON suggestion_outcomes (external_userid, at);
CREATE INDEX suggestion_outcomes_by_ref ON suggestion_outcomes (source, ref, at);
CREATE INDEX suggestion_outcomes_by_age ON suggestion_outcomes (at);

CREATE TABLE colleague_replies (
    id INTEGER PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    msgid TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    userid TEXT NOT NULL,
    -- the question and what was answered, neither with personal data; sealed all the same
    body BLOB NOT NULL
);
CREATE INDEX colleague_replies_of_customer ON colleague_replies (external_userid);
CREATE INDEX colleague_replies_by_age ON colleague_replies (at);
