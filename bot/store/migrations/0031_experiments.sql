-- Before the code that needs it. Who got which variant of what, first seen when?

CREATE TABLE exposures (
    experiment TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    variant TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (experiment, external_userid)
) WITHOUT ROWID;
CREATE INDEX exposures_by_age ON exposures (at);
