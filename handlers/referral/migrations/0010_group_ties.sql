-- Before the code that needs it. Who joined and left the groups of campaigns whose codes lead into groups, as WeCom told; of no
-- other group.

CREATE TABLE referral_group_ties (
    external_userid TEXT NOT NULL,
    -- group:<chat_id>
    place TEXT NOT NULL,
    -- WeCom's moment, and when we learnt of it
    at REAL NOT NULL,
    noted_at REAL NOT NULL,
    -- 1 = joined, 0 = left
    began INTEGER NOT NULL,
    -- of the code that was scanned, empty = of none
    state TEXT NOT NULL,
    -- who ended it: customer | staff | unknown
    by TEXT NOT NULL,
    PRIMARY KEY (external_userid, place, at, began)
) WITHOUT ROWID;
