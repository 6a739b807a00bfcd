-- Before the code that needs it. What points were exchanged for. Points, stock and code go out with this row, in one commit.

CREATE TABLE points_redemptions (
    -- follows from the customer's one confirmation: told twice it is the same
    id TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    -- key in the catalogue, and what it was called and cost then
    item TEXT NOT NULL,
    name TEXT NOT NULL,
    points INTEGER NOT NULL,
    -- reserved (a member sends it) | given | cancelled
    standing TEXT NOT NULL,
    at REAL NOT NULL,
    changed_at REAL NOT NULL,
    -- who ended it, and why
    by TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX points_redemptions_of ON points_redemptions (external_userid, item);
CREATE INDEX points_redemptions_stock ON points_redemptions (item, standing);
