-- Before the code that needs them, and harmless without it.

-- The channel by which the customer came last: the scene of `enter_session` (wecom-api §3.9).
ALTER TABLE conversations ADD COLUMN channel TEXT NOT NULL DEFAULT '';

-- What showed later whether an answer helped: solved, unsolved, asked_again.
ALTER TABLE messages ADD COLUMN feedback TEXT;

-- Files that WeCom holds for us for three days (wecom-api §1.9); a lost row costs one upload.
CREATE TABLE uploads (
    digest TEXT PRIMARY KEY,
    media_id TEXT NOT NULL,
    uploaded_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_age ON uploads (uploaded_at);
