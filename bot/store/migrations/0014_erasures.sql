-- Before the code that needs it.

-- Decided in a turn, taken over into the file of keys a moment later.
CREATE TABLE erasure_wishes (
    external_userid TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    asked_at REAL NOT NULL,
    asked_by TEXT NOT NULL
) WITHOUT ROWID;

-- Persons that were erased, beside the same list in the file of keys: whichever of the two is restored from a
-- backup, the other still knows. A person_id names nobody any more.
CREATE TABLE erased_persons (
    person_id TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    erased_at REAL NOT NULL
) WITHOUT ROWID;
