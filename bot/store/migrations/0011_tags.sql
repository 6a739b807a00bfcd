-- Before the code that needs it. Tags of customers: what is so now, and everything that led there.

CREATE TABLE customer_tags (
    external_userid TEXT NOT NULL,
    -- group：tag
    name TEXT NOT NULL,
    tag_group TEXT NOT NULL,
    -- provenance (R-4.3)
    source TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    msgid TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    run TEXT NOT NULL,
    expires_at REAL,
    PRIMARY KEY (external_userid, name)
) WITHOUT ROWID;
CREATE INDEX customer_tags_by_name ON customer_tags (name);
CREATE INDEX customer_tags_expiring ON customer_tags (expires_at) WHERE expires_at IS NOT NULL;

-- What a person took off a customer: rules may not put it on again for a while.
CREATE TABLE tag_holds (
    external_userid TEXT NOT NULL,
    name TEXT NOT NULL,
    removed_at REAL NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (external_userid, name)
) WITHOUT ROWID;

CREATE TABLE tag_history (
    id INTEGER PRIMARY KEY,
    -- one decision; what it replaced has the same
    change TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    name TEXT NOT NULL,
    added INTEGER NOT NULL,
    -- applied, or refused:<reason>
    outcome TEXT NOT NULL,
    source TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    msgid TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    run TEXT NOT NULL,
    -- JSON: the assignment that was taken away
    was TEXT
);
CREATE INDEX tag_history_of_customer ON tag_history (external_userid, at);
CREATE INDEX tag_history_by_change ON tag_history (change);
CREATE INDEX tag_history_by_run ON tag_history (run) WHERE run <> '';
CREATE INDEX tag_history_by_age ON tag_history (at);

-- What a model, or anything else that may not decide, holds to be so; a person does.
CREATE TABLE tag_proposals (
    external_userid TEXT NOT NULL,
    name TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    version TEXT NOT NULL,
    msgid TEXT NOT NULL,
    at REAL NOT NULL,
    -- '' | accepted | rejected
    decision TEXT NOT NULL DEFAULT '',
    decided_at REAL,
    decided_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (external_userid, name)
) WITHOUT ROWID;
CREATE INDEX tag_proposals_by_age ON tag_proposals (at);

-- Changes of many customers at once, which can be undone.
CREATE TABLE tag_runs (
    id TEXT PRIMARY KEY,
    -- apply | rename | merge
    kind TEXT NOT NULL,
    -- JSON: what was asked for
    asked TEXT NOT NULL,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    changes INTEGER NOT NULL DEFAULT 0,
    undone_at REAL,
    undone_by TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

-- Samples that people judge (R-4.7), and what was measured.
CREATE TABLE tag_audits (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL,
    by TEXT NOT NULL,
    seed INTEGER NOT NULL,
    -- JSON: people, and how many have a tag, by dimension
    coverage TEXT NOT NULL,
    read_at REAL
) WITHOUT ROWID;
CREATE TABLE tag_audit_items (
    audit TEXT NOT NULL,
    n INTEGER NOT NULL,
    external_userid TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    rule TEXT NOT NULL,
    version TEXT NOT NULL,
    msgid TEXT NOT NULL,
    -- '' | right | wrong | unsure
    verdict TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (audit, n)
) WITHOUT ROWID;
CREATE INDEX tag_audit_items_of_customer ON tag_audit_items (external_userid);
