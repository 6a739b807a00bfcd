-- Who is to be erased, and was. It lies here, outside the data backup, so that a restore erases again.
CREATE TABLE erasures (
    -- names the erasure for ever; says nothing of the person
    receipt TEXT PRIMARY KEY,
    asked_at REAL NOT NULL,
    -- `customer`, or `command:<user>`
    asked_by TEXT NOT NULL,
    -- one customer of the person, and all of them; emptied when nothing is left of them
    customer TEXT NOT NULL,
    -- JSON; random names, which name nobody once the person is erased
    persons TEXT NOT NULL DEFAULT '[]',
    -- JSON: rows that were deleted, by table
    counts TEXT NOT NULL DEFAULT '{}',
    erased_at REAL
) WITHOUT ROWID;
