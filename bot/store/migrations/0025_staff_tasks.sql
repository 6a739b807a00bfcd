-- What members of staff are asked to do. The key names a task for ever; `next_at` is when something
-- must happen to it by itself: a reminder, or its expiry.
CREATE TABLE staff_tasks (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- lower-cased: WeCom does not tell cases apart
    member TEXT NOT NULL,
    external_userid TEXT NOT NULL DEFAULT '',
    chat_id TEXT NOT NULL DEFAULT '',
    ref TEXT NOT NULL DEFAULT '',
    text BLOB NOT NULL,
    reason TEXT NOT NULL,
    is_deadline INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    on_time_s REAL NOT NULL,
    expires_at REAL NOT NULL,
    -- JSON: [[seconds after due_at, member | leader], …]
    nudges TEXT NOT NULL DEFAULT '[]',
    nudged INTEGER NOT NULL DEFAULT 0,
    -- due | reminded | sent | done_late | skipped | expired
    state TEXT NOT NULL DEFAULT 'due',
    next_at REAL,
    created_at REAL NOT NULL,
    reminded_at REAL,
    ended_at REAL,
    -- userid, the operator, or engine
    ended_by TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX staff_tasks_next ON staff_tasks (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX staff_tasks_of_member ON staff_tasks (member, is_deadline, reminded_at);
CREATE INDEX staff_tasks_of_customer ON staff_tasks (external_userid) WHERE external_userid <> '';
CREATE INDEX staff_tasks_due ON staff_tasks (due_at);
