-- The welcome of customer groups that was made at WeCom: what it says there, and its id.
CREATE TABLE group_welcome (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    template_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    written_at REAL NOT NULL
);
