-- Before the code that needs it. What came of what members did on a page, and of each suggestion they were shown?

CREATE TABLE staff_answers (
    client_id TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    userid TEXT NOT NULL,
    at REAL NOT NULL,
    -- whether it was done as he wanted
    done INTEGER NOT NULL,
    -- what he is told, in our own words
    text TEXT NOT NULL,
    PRIMARY KEY (external_userid, client_id)
) WITHOUT ROWID;
CREATE INDEX staff_answers_by_age ON staff_answers (at);
