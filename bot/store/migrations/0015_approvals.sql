-- Before the code that needs it. Which texts have people released to be said (R-15.9)? A text is
-- known by its digest: a changed one has no row, and so no approval. Texts of the company, nobody's data.

CREATE TABLE approvals (
    -- 'reply' (prompts), 'entry' (knowledge), and what else is said
    kind TEXT NOT NULL,
    -- escalation.queued; ship-fee; wk1/ship-fee
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    -- reviewed, approved, live (approved and in use), retired; without a row it is a draft
    state TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (kind, key, digest)
);
