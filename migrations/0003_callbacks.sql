-- Why: a callback is staged in the transaction of the state change that it reports, and PostgreSQL, not the queue, is where it lives until it is delivered or dead.
-- +goose Up

-- What is to be sent: the same bytes for ever, though a sealed body is sealed
-- anew when the encryption key changes. Nothing else in a row changes after it
-- was staged. Apart from the deliveries, because the relay rewrites those
-- several times per attempt and a row that is rewritten should be narrow.
create table callback_events (
    id          text collate "C" not null primary key,
    merchant_id text collate "C" not null,
    subject     text collate "C" not null,
    order_id    text             not null,
    kind        text             not null,
    url         text             not null check (length(url) between 1 and 512),
    -- A body may hold a card number: the stager may seal it and name the key.
    -- An empty key means that body_box is the body itself.
    body_key    text             not null,
    body_box    bytea            not null,
    created_at  timestamptz      not null,
    check (length(id) between 1 and 64)
);

-- Ids sort by time, so these also give "newest first" and its cursor.
create index callback_events_merchant on callback_events (merchant_id, id);
create index callback_events_order on callback_events (order_id);
create index callback_events_subject on callback_events (subject);

-- Where the sending of an event stands. There is deliberately no foreign key
-- to callback_events: one statement writes both rows, nothing deletes either,
-- and the check would cost a look-up per row inside the money transaction.
create table callback_deliveries (
    event_id        text collate "C" not null primary key,
    -- Whose, and where: "mer_1|https://shop.example:443". What bounds and stops
    -- the sending is per merchant, so that none can stop another's by failing
    -- on the same server. Without spaces: the notification below is a list.
    endpoint        text collate "C" not null,
    state           text             not null default 'pending',
    class           text             not null default 'first',
    -- attempts numbers the attempts that were claimed, failures counts those
    -- that the retry schedule counts, takes the wake-ups since the last claim.
    attempts        integer          not null default 0,
    failures        integer          not null default 0,
    takes           integer          not null default 0,
    -- The schedule's day one: the staging, or the last resend.
    scheduled_at    timestamptz      not null,
    next_attempt_at timestamptz      not null,
    -- Until when somebody has this row in hand; past or null: nobody.
    lease_until     timestamptz,
    last_status     integer,
    last_error      text             not null default '',
    finished_at     timestamptz,
    dead_reason     text             not null default '',
    constraint callback_deliveries_state check (
        (state = 'pending' and finished_at is null and dead_reason = '')
        or (state = 'delivered' and finished_at is not null and lease_until is null and dead_reason = '')
        or (state = 'dead' and finished_at is not null and lease_until is null and dead_reason in ('exhausted', 'gone'))),
    constraint callback_deliveries_class check (class in ('first', 'retry', 'bulk')),
    constraint callback_deliveries_counts check (attempts >= 0 and failures between 0 and attempts and takes >= 0)
) with (
    -- Room on each page for the two versions that a take and a claim write:
    -- they touch no indexed column, so they stay on the page and no index
    -- grows. The dead versions have to be cleared away often.
    fillfactor = 60,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0.05
);

-- The only index that the relay reads: the due rows of one endpoint, oldest
-- first. Rows in hand are in it too, which is how they are counted.
create index callback_deliveries_due on callback_deliveries (endpoint, next_attempt_at) where state = 'pending';
create index callback_deliveries_dead on callback_deliveries (event_id) where state = 'dead';

-- One row per attempt, never changed. A number without a row is an attempt
-- whose worker died before it could say how it went.
create table callback_attempts (
    event_id    text collate "C" not null,
    number      integer          not null check (number > 0),
    started_at  timestamptz      not null,
    duration_us bigint           not null check (duration_us >= 0),
    outcome     text             not null,
    status      integer,
    error       text             not null,
    response    text             not null check (octet_length(response) <= 1024),
    primary key (event_id, number)
);

-- Merchants' endpoints that fail and have not succeeded since. A healthy endpoint has no
-- row, so a healthy delivery writes nothing here.
create table callback_circuits (
    endpoint      text collate "C" not null primary key,
    failures      integer          not null check (failures > 0),
    failing_since timestamptz      not null,
    last_failure  timestamptz      not null,
    check (last_failure >= failing_since)
);

-- Wakes the relays after commit, once per statement, and tells them where to
-- look. Without room for the names the payload is empty: look everywhere.
-- +goose StatementBegin
create function callback_staged() returns trigger language plpgsql as $$
declare
    endpoints text;
begin
    select string_agg(distinct endpoint, ' ') into endpoints from staged;
    if endpoints is not null then
        perform pg_notify('callbacks_staged', case when octet_length(endpoints) < 7900 then endpoints else '' end);
    end if;
    return null;
end
$$;
-- +goose StatementEnd

create trigger callback_staged after insert on callback_deliveries
    referencing new table as staged
    for each statement execute function callback_staged();
