-- Before the code that needs it. Orders that were imported or told by the shop, and who asked which system.

CREATE TABLE orders (
    -- the shop's own number
    number TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '',
    -- in 分
    amount INTEGER,
    paid_at REAL,
    changed_at REAL NOT NULL,
    -- title and shipments, sealed with the person's key
    body BLOB
) WITHOUT ROWID;
CREATE INDEX orders_of_customer ON orders (external_userid, paid_at);

-- Every question to one of the company's systems. Opaque: neither the customer's id nor an argument's value.
CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    -- person_id; without the customers table it names nobody
    person_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    -- the handler, or the agent, on whose behalf
    wanted_by TEXT NOT NULL,
    -- JSON, values masked
    arguments TEXT NOT NULL,
    -- ok, or why not in one word
    outcome TEXT NOT NULL,
    ms INTEGER NOT NULL,
    trace_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX tool_calls_by_age ON tool_calls (at);
