-- Before the code that needs it. What the chat model has cost, by customer and day; '' is everybody.
CREATE TABLE model_usage (
    external_userid TEXT NOT NULL,
    day_at REAL NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (external_userid, day_at)
) WITHOUT ROWID;
CREATE INDEX model_usage_by_age ON model_usage (day_at);
