-- The first shape of the store. Times are UTC milliseconds, enums are stored as their values, JSON as checked text.
-- Sets that grow often (kinds, verbs, holds) have no CHECK: a new value must not need a table rebuild.

CREATE TABLE migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    task TEXT NOT NULL,
    agent TEXT NOT NULL,
    permission_mode TEXT NOT NULL,
    plan_approval TEXT NOT NULL,
    strategy TEXT NOT NULL,
    base TEXT,
    status TEXT NOT NULL CHECK (status IN ('queued', 'starting', 'running', 'completed', 'failed', 'killed')),
    lifecycle TEXT NOT NULL,
    approval TEXT NOT NULL,
    worktree TEXT NOT NULL,
    execution TEXT NOT NULL,
    hold TEXT NOT NULL,
    plan_version INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    host TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    applied_seq INTEGER NOT NULL,
    applied_offset INTEGER NOT NULL,
    agent_session TEXT,
    alive INTEGER NOT NULL CHECK (alive IN (0, 1)),
    turn INTEGER NOT NULL,
    activity TEXT NOT NULL,
    result TEXT NOT NULL,
    error TEXT,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cost_usd REAL,
    queued TEXT NOT NULL CHECK (json_valid(queued))
) STRICT;
CREATE INDEX session_live ON session (id) WHERE alive = 1 OR status IN ('queued', 'starting', 'running');

CREATE TABLE plan (
    session INTEGER NOT NULL REFERENCES session (id),
    version INTEGER NOT NULL,
    request TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    tree TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (session, version)
) STRICT;

-- Questions and permissions share their ids, so that "oldest first" holds across both.
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id),
    type TEXT NOT NULL CHECK (type IN ('question', 'permission')),
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'allowed', 'denied', 'cancelled')),
    body TEXT NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX request_request ON request (session, request);
CREATE INDEX request_pending ON request (session) WHERE state = 'pending';

CREATE TABLE decision (
    id TEXT PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    chat INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'taken', 'superseded')),
    expires_at INTEGER NOT NULL,
    message INTEGER,
    verb TEXT,
    taken_by INTEGER,
    draft TEXT NOT NULL CHECK (json_valid(draft)),
    created_at INTEGER NOT NULL,
    taken_at INTEGER
) STRICT;
CREATE INDEX decision_pending ON decision (session, created_at) WHERE state = 'pending';
CREATE INDEX decision_chat ON decision (chat);

CREATE TABLE worktree (
    session INTEGER PRIMARY KEY REFERENCES session (id),
    path TEXT NOT NULL,
    branch TEXT NOT NULL,
    base TEXT NOT NULL,
    base_sha TEXT NOT NULL,
    base_tree TEXT NOT NULL,
    changes TEXT CHECK (changes IS NULL OR json_valid(changes)), -- json_valid(NULL) differs between versions
    merged TEXT NOT NULL,
    backup TEXT NOT NULL
) STRICT;

CREATE TABLE route (
    session INTEGER PRIMARY KEY REFERENCES session (id),
    chat INTEGER NOT NULL,
    thread INTEGER,
    topic_wanted INTEGER NOT NULL CHECK (topic_wanted IN (0, 1))
) STRICT;
CREATE INDEX route_topic ON route (chat, thread);

CREATE TABLE expectation (
    chat INTEGER NOT NULL,
    thread INTEGER,
    user INTEGER NOT NULL,
    session INTEGER NOT NULL REFERENCES session (id),
    version INTEGER NOT NULL
) STRICT;
-- NULLs are distinct to UNIQUE, and no topic has the number 0.
CREATE UNIQUE INDEX expectation_place ON expectation (chat, coalesce(thread, 0), user);
CREATE INDEX expectation_session ON expectation (session);

CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    locale TEXT
) STRICT;

CREATE TABLE allowed_chat (
    chat INTEGER PRIMARY KEY,
    allowed_by INTEGER NOT NULL
) STRICT;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    update_id INTEGER NOT NULL UNIQUE,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE done = 0;
CREATE INDEX inbox_done ON inbox (at) WHERE done = 1;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    chat INTEGER NOT NULL,
    thread INTEGER,
    session INTEGER REFERENCES session (id),
    kind TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    priority TEXT NOT NULL,
    rev INTEGER NOT NULL,
    shown INTEGER NOT NULL CHECK (shown <= rev),
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'doubtful')),
    parts TEXT NOT NULL CHECK (json_valid(parts)),
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
-- Only what is still to be sent: its size does not grow with what was sent.
CREATE INDEX outbox_due ON outbox (chat, priority, created_at, id) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';
CREATE INDEX outbox_session ON outbox (session, kind);
CREATE INDEX outbox_chat ON outbox (chat);

-- Every message a notice ever had, so that a reply to an old one still finds it.
CREATE TABLE message (
    chat INTEGER NOT NULL,
    message INTEGER NOT NULL,
    notice INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    PRIMARY KEY (chat, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_notice ON message (notice);

CREATE TABLE command (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    session INTEGER NOT NULL REFERENCES session (id),
    verb TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;
CREATE INDEX command_open ON command (number) WHERE done = 0;
CREATE INDEX command_kept ON command (session, number) WHERE body <> '{}';

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id),
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE UNIQUE INDEX event_seq ON event (session, seq);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user INTEGER,
    session INTEGER REFERENCES session (id),
    verb TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
