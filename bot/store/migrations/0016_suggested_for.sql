-- A suggestion may be for one message of the customer: the best few of them, best first.
ALTER TABLE suggestions ADD COLUMN msgid TEXT NOT NULL DEFAULT '';
CREATE INDEX suggestions_for_message ON suggestions (msgid) WHERE msgid <> '';
