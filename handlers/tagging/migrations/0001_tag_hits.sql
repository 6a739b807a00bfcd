-- What a rule has counted so far that gives its tag only after several times. Pre: before the code.

CREATE TABLE tag_hits (
    rule TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- msgid of the message, or what names the event
    source TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (rule, external_userid, source)
) WITHOUT ROWID;
CREATE INDEX tag_hits_by_age ON tag_hits (at);
CREATE INDEX tag_hits_of_customer ON tag_hits (external_userid);
