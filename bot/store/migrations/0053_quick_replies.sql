-- Before the code that needs it. Which replies do members keep at hand (话术库), and how often were they used?

CREATE TABLE quick_replies (
    id INTEGER PRIMARY KEY,
    -- the member whose own it is, empty = the company's
    owner TEXT NOT NULL,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    -- {客户}, {我} and {公司} are filled in
    body TEXT NOT NULL,
    -- first letters of its pinyin
    initials TEXT NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    used_at REAL,
    updated_at REAL NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX quick_replies_of_owner ON quick_replies (owner, category, title);
