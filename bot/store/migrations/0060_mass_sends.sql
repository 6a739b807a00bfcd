-- Before the code that needs it. What friends are told through members who must confirm it: one row is
-- one touch of one customer, and one task at WeCom. `next_at` is when something must happen to it by itself.
CREATE TABLE mass_sends (
    -- also msgid of the outbox row that makes the task, and of the touch in `outreach`
    id TEXT PRIMARY KEY,
    external_userid TEXT NOT NULL,
    -- lower-cased: WeCom does not tell cases apart
    member TEXT NOT NULL,
    feature TEXT NOT NULL,
    ref TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- what the customer must agree to, empty = nothing
    purpose TEXT NOT NULL DEFAULT '',
    text BLOB NOT NULL,
    -- planned | blocked | task_created | confirmed | delivered | impossible
    state TEXT NOT NULL DEFAULT 'planned',
    -- why it is blocked, impossible, or not known
    why TEXT NOT NULL DEFAULT '',
    planned_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    -- when WeCom was last asked to make the task, NULL = never; from then on there may be one
    tried_at REAL,
    -- of the task at WeCom, empty = none is known
    msgid TEXT NOT NULL DEFAULT '',
    created_at REAL,
    confirmed_at REAL,
    ended_at REAL,
    reminders INTEGER NOT NULL DEFAULT 0,
    reminded_at REAL,
    -- why it is not wanted any more, empty = it is
    cancel_why TEXT NOT NULL DEFAULT '',
    next_at REAL
) WITHOUT ROWID;
CREATE INDEX mass_sends_next ON mass_sends (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mass_sends_of_customer ON mass_sends (external_userid, planned_at);
CREATE INDEX mass_sends_of_member ON mass_sends (member, reminded_at) WHERE reminded_at IS NOT NULL;
CREATE INDEX mass_sends_planned ON mass_sends (planned_at);
