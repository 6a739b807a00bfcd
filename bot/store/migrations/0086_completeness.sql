-- Before the code that needs it. Of what WeCom counted on a day, how much did reach us?

CREATE TABLE completeness (
    -- 'messages' of a kf account, or 'friends' of the members
    source TEXT NOT NULL,
    -- open_kfid; empty for friends
    account TEXT NOT NULL,
    -- begin of the day at WeCom, Unix seconds
    day REAL NOT NULL,
    reported INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (source, account, day)
) WITHOUT ROWID;
CREATE INDEX completeness_by_age ON completeness (day);
