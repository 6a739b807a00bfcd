-- The engine's tables. Times are Unix seconds. Columns named `body` are sealed with the person's key.

CREATE TABLE persons (
    person_id TEXT PRIMARY KEY,
    created_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE customers (
    external_userid TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES persons (person_id),
    created_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    open_kfid TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    cursor TEXT NOT NULL DEFAULT '',
    -- what was sent before this moment is history: stored, not answered
    first_started_at REAL NOT NULL,
    pulled_at REAL
) WITHOUT ROWID;

-- Callbacks that were accepted; the digest makes a platform retry harmless (R-1.3).
CREATE TABLE deliveries (
    digest BLOB PRIMARY KEY,
    received_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_by_age ON deliveries (received_at);

-- The newest unspent hint of each account: survives a crash between acknowledgement and pull.
CREATE TABLE hints (
    open_kfid TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    -- an account that is not registered yet: what came after this moment is no history
    first_received_at REAL NOT NULL,
    received_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE conversations (
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    service_state INTEGER,
    servicer_userid TEXT,
    state_as_of REAL NOT NULL DEFAULT 0,
    -- the customer's last message: it opens the window of five messages and 48 h
    window_msgid TEXT NOT NULL DEFAULT '',
    customer_wrote_at REAL NOT NULL DEFAULT 0,
    -- when the customer was told, in this session, that an assistant answers (R-15.8)
    disclosed_at REAL,
    version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (open_kfid, external_userid)
) WITHOUT ROWID;
CREATE INDEX conversations_with_people ON conversations (service_state, servicer_userid)
    WHERE service_state IN (2, 3);
CREATE INDEX conversations_of_customer ON conversations (external_userid);

-- What customers and servicers wrote. Ours is in the outbox: WeCom never gives it back.
CREATE TABLE messages (
    open_kfid TEXT NOT NULL,
    msgid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    origin INTEGER NOT NULL,
    servicer_userid TEXT,
    sent_at REAL NOT NULL,
    received_at REAL NOT NULL,
    msgtype TEXT NOT NULL,
    body BLOB,
    recalled_at REAL,
    -- who decided and how it ended: answered, missed, silent, history …
    handled_by TEXT,
    outcome TEXT NOT NULL,
    because TEXT,
    trace_id TEXT,
    PRIMARY KEY (open_kfid, msgid)
) WITHOUT ROWID;
CREATE INDEX messages_of_conversation ON messages (open_kfid, external_userid, sent_at);
CREATE INDEX messages_by_age ON messages (received_at);

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- what makes a second arrival of the same event harmless
    key TEXT UNIQUE,
    timer_name TEXT,
    timer_key TEXT,
    due_at REAL NOT NULL,
    sent_at REAL NOT NULL,
    received_at REAL NOT NULL,
    -- a failed head blocks its subject until this moment
    retry_at REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    body BLOB,
    trace_id TEXT NOT NULL DEFAULT '',
    done_at REAL,
    parked_at REAL
);
CREATE INDEX mailbox_open ON mailbox (subject, due_at, id) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX mailbox_due ON mailbox (due_at) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX mailbox_parked ON mailbox (parked_at) WHERE parked_at IS NOT NULL AND done_at IS NULL;
CREATE INDEX mailbox_done ON mailbox (done_at) WHERE done_at IS NOT NULL;
CREATE UNIQUE INDEX mailbox_timers ON mailbox (subject, timer_name, timer_key)
    WHERE timer_name IS NOT NULL AND done_at IS NULL;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    -- rows of one queue are sent one after another: a conversation, or the row alone
    queue TEXT NOT NULL,
    open_kfid TEXT NOT NULL DEFAULT '',
    external_userid TEXT NOT NULL DEFAULT '',
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- fixed before the first try; WeCom rejects a repeat (wecom-api §3.10)
    msgid TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    next_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    claimed_at REAL,
    ended_at REAL,
    -- the customer message whose allowance this send was charged to, set by the claim
    window_msgid TEXT,
    -- the customer's message that it answers, when it answers exactly one
    answers TEXT,
    -- when the customer asked: WeCom's send_time of the oldest message it answers
    asked_at REAL,
    handled_by TEXT NOT NULL DEFAULT '',
    because TEXT,
    body BLOB,
    error TEXT,
    errcode INTEGER,
    trace_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_open ON outbox (queue, id) WHERE state IN ('pending', 'claimed');
CREATE INDEX outbox_of_conversation ON outbox (open_kfid, external_userid, id);
CREATE INDEX outbox_held ON outbox (open_kfid, external_userid) WHERE state = 'held';
CREATE INDEX outbox_dead ON outbox (ended_at) WHERE state = 'dead';
CREATE INDEX outbox_by_age ON outbox (created_at);

-- What the bot would have said where it only proposes (autonomy `suggest`).
CREATE TABLE suggestions (
    id INTEGER PRIMARY KEY,
    open_kfid TEXT NOT NULL,
    external_userid TEXT NOT NULL,
    created_at REAL NOT NULL,
    handled_by TEXT NOT NULL,
    because TEXT,
    body BLOB
);
CREATE INDEX suggestions_by_age ON suggestions (created_at);
CREATE INDEX suggestions_of_conversation ON suggestions (open_kfid, external_userid, id);

-- Switches that silence the bot: scope all | account | customer; kind silence | block.
CREATE TABLE switches (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    set_at REAL NOT NULL,
    set_by TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, scope, key)
) WITHOUT ROWID;

CREATE TABLE servicers (
    open_kfid TEXT NOT NULL,
    userid TEXT NOT NULL,
    receiving INTEGER NOT NULL,
    as_of REAL NOT NULL,
    PRIMARY KEY (open_kfid, userid)
) WITHOUT ROWID;

-- Customers' media, downloaded before WeCom forgets it; the file is sealed.
CREATE TABLE media (
    media_id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    open_kfid TEXT NOT NULL,
    msgid TEXT NOT NULL,
    msgtype TEXT NOT NULL,
    path TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    kept_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX media_by_age ON media (kept_at);
CREATE INDEX media_of_subject ON media (subject, kept_at);
