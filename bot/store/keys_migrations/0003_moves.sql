-- Where these keys came from or went to; see 0080_moves of the engine.
CREATE TABLE moves (
    -- in | out
    direction TEXT PRIMARY KEY,
    other TEXT NOT NULL,
    began_at REAL NOT NULL,
    ended_at REAL
) WITHOUT ROWID;
