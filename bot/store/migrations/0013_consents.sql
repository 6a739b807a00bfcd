-- Before the code that needs it. Who agreed to what (R-15.1), and which unsent rows rest on it.

-- Every notice shown and every decision; nothing here is ever changed.
CREATE TABLE consents (
    id INTEGER PRIMARY KEY,
    external_userid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- asked | given | refused | withdrawn
    decision TEXT NOT NULL,
    notice_version TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- sealed: a note of a member of staff may name the customer
    evidence BLOB,
    at REAL NOT NULL,
    by TEXT NOT NULL
);
CREATE INDEX consents_of_customer ON consents (external_userid, purpose, at);

-- What holds now; no row = unknown, which is as closed as refused.
CREATE TABLE consent_standing (
    external_userid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- given | refused | withdrawn
    decision TEXT NOT NULL,
    at REAL NOT NULL,
    notice_version TEXT NOT NULL,
    PRIMARY KEY (external_userid, purpose)
) WITHOUT ROWID;
CREATE INDEX consent_standing_by_purpose ON consent_standing (purpose, decision);

-- What the row may only be sent for; '' = the service itself.
ALTER TABLE outbox ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_with_purpose ON outbox (subject, purpose)
    WHERE purpose <> '' AND state IN ('pending', 'claimed', 'held');
