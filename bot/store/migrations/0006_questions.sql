-- Before the code that needs it. What was asked is in `messages`; here is only what was made of it.

-- A question that was not simply answered: its gap, and its vector, so that it is embedded once.
CREATE TABLE questions (
    open_kfid TEXT NOT NULL,
    msgid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    asked_at REAL NOT NULL,
    gap TEXT NOT NULL,
    -- the encoder that made the vector, '' = none
    model TEXT NOT NULL DEFAULT '',
    -- float32, little endian; sealed with the person's key
    vector BLOB,
    PRIMARY KEY (open_kfid, msgid)
) WITHOUT ROWID;
CREATE INDEX questions_by_age ON questions (asked_at);
CREATE INDEX questions_of_customer ON questions (external_userid);

-- What a person decided about a gap. Its name tells nothing of what was asked.
CREATE TABLE gaps (
    base TEXT NOT NULL,
    id TEXT NOT NULL,
    -- rejected | accepted
    state TEXT NOT NULL,
    -- questions it held then
    size INTEGER NOT NULL,
    -- the entry that learned from it, '' when rejected
    entry TEXT NOT NULL DEFAULT '',
    decided_at REAL NOT NULL,
    decided_by TEXT NOT NULL,
    PRIMARY KEY (base, id)
) WITHOUT ROWID;

-- Who holds which entry to be the answer, where one word is not enough.
CREATE TABLE gap_votes (
    base TEXT NOT NULL,
    gap TEXT NOT NULL,
    voter TEXT NOT NULL,
    entry TEXT NOT NULL,
    voted_at REAL NOT NULL,
    PRIMARY KEY (base, gap, voter)
) WITHOUT ROWID;
