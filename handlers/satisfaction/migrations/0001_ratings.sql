-- One row per closed case, ever: whether the customer was asked how it was, and what they said.

CREATE TABLE ratings (
    case_id TEXT PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- when it was decided whether to ask
    asked_at REAL NOT NULL,
    -- code | message | none
    asked_how TEXT NOT NULL,
    -- why nobody was asked; code_unsent and message_unsent: the invitation never left
    why_not TEXT NOT NULL DEFAULT '',
    score INTEGER,
    -- kept when the customer changes their mind
    first_score INTEGER,
    rated_at REAL,
    -- until when a text is taken for the reason; empty = the reason was not asked
    reason_until REAL,
    -- sealed
    reason BLOB,
    followed_up_at REAL
) WITHOUT ROWID;
CREATE INDEX ratings_of_customer ON ratings (external_userid, asked_at);
CREATE INDEX ratings_by_age ON ratings (asked_at);
