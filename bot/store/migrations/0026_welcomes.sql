-- How newcomers were greeted by the member whose friend they became: one row for each friendship.
CREATE TABLE welcomes (
    -- lower-cased
    userid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    -- CreateTime with which the friendship began, whether half or whole
    since REAL NOT NULL,
    -- planned | sent | failed | expired | withheld | no_text | no_code | missed | gone | left
    state TEXT NOT NULL,
    -- id of the welcome, empty = none was chosen
    welcome TEXT NOT NULL DEFAULT '',
    is_return INTEGER NOT NULL DEFAULT 0,
    errcode INTEGER,
    -- attachments that were left out because WeCom did not hold their files
    lacking INTEGER NOT NULL DEFAULT 0,
    decided_at REAL NOT NULL,
    sent_at REAL,
    PRIMARY KEY (userid, external_userid, since)
) WITHOUT ROWID;
CREATE INDEX welcomes_of_customer ON welcomes (external_userid);
CREATE INDEX welcomes_decided ON welcomes (decided_at);

-- Unique codes that are given away (R-2.4). Whose a code is, is written before it is sent.
CREATE TABLE benefit_codes (
    campaign TEXT NOT NULL,
    code TEXT NOT NULL,
    imported_at REAL NOT NULL,
    -- NULL = free
    external_userid TEXT,
    reserved_at REAL,
    given_at REAL,
    PRIMARY KEY (campaign, code)
) WITHOUT ROWID;
CREATE INDEX benefit_codes_free ON benefit_codes (campaign, imported_at, code)
    WHERE external_userid IS NULL;
CREATE UNIQUE INDEX benefit_codes_of ON benefit_codes (external_userid, campaign)
    WHERE external_userid IS NOT NULL;
