-- Before the code that needs it. Who asked at a till for a code that nobody has: several processes serve the same page.

CREATE TABLE till_misses (
    id INTEGER PRIMARY KEY,
    -- member, lower-cased
    userid TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX till_misses_of ON till_misses (userid, at);
