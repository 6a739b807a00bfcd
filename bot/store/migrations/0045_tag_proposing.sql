-- Cases of which the model was asked for tags; a row is needed while the case might be asked again.
CREATE TABLE tag_proposing (
    case_id TEXT PRIMARY KEY,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX tag_proposing_by_age ON tag_proposing (at);
CREATE INDEX tag_proposals_open ON tag_proposals (at) WHERE decision = '';
