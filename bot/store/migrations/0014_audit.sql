-- Before the code that needs it. Who did what, and why (R-15.11); opaque ids only, so that erasing a
-- person need not touch it: a customer is named by person_id, which names nobody once the person is erased.

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    -- a behaviour, `customer`, `staff:<userid>` or `command:<user>`
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    -- person_id, or what else it was done to
    subject TEXT NOT NULL,
    -- rule, entry or reason
    why TEXT NOT NULL,
    -- of the rule or the content
    version TEXT NOT NULL,
    -- keyed digest of what it was decided from
    inputs TEXT NOT NULL,
    result TEXT NOT NULL,
    trace_id TEXT NOT NULL
);
CREATE INDEX audit_by_age ON audit (at);
CREATE INDEX audit_of_subject ON audit (subject, at);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;

-- Retention may delete what is old; nothing younger than 180 days goes, whatever is configured.
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
WHEN OLD.at > CAST(strftime('%s', 'now') AS REAL) - 180 * 86400
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
