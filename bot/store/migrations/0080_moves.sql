-- Where this database's rows came from or went to, while that is on its way and when it is done.
-- Before the code that needs it: `concierge migrate --from` moves a company to another database.
CREATE TABLE moves (
    -- in | out
    direction TEXT PRIMARY KEY,
    -- the other database, without a password
    other TEXT NOT NULL,
    began_at REAL NOT NULL,
    ended_at REAL
) WITHOUT ROWID;
