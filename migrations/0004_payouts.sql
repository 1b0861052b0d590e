-- Payouts: the orders that merchants create, what happened to them, their receipts, and how many of them the platform takes at once.

-- +goose Up

-- No foreign key to merchants: every insert would lock the row of its merchant,
-- which on a hot merchant is one row for all of them. Merchants are never deleted.
create table payouts (
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    ended_at      timestamptz,
    lease_until   timestamptz,
    sent_at       timestamptz,
    look_at       timestamptz, -- when the executor is to be asked next
    fiat_minor    bigint not null,
    rate          bigint not null, -- fiat units for one USDT, in ten-thousandths
    usdt_minor    bigint not null,
    fee_minor     bigint not null,
    -- Compared byte by byte: ids are ASCII, and order_ids are matched by prefix.
    id            text collate "C" not null,
    merchant_id   text collate "C" not null,
    order_id      text collate "C" not null,
    mode          text not null,
    status        text not null,
    stage         text not null,
    currency      text not null,
    method        text not null,
    last_four     text not null,
    requisite_key text not null,
    requisite_box bytea not null,
    fingerprint   bytea not null, -- of the request's field values; its salt is in the box
    bank_name     text not null,
    bik           text not null,
    full_name     text not null,
    customer      text not null,
    description   text not null,
    success_url   text not null,
    error_url     text not null,
    claimed_by    text,
    executor      text, -- to which it was sent, for ever
    late_outcome  text, -- what the executor answered after the payout had ended otherwise
    ended_by      text,
    reason        text,
    cheques       jsonb, -- addresses, and ids of payout_receipts
    constraint payouts_pkey primary key (id),
    constraint payouts_mode check (mode in ('live', 'sandbox')),
    constraint payouts_status check (status in ('expectation', 'successful', 'rejected_timeout', 'rejected_merchant', 'rejected_gate')),
    constraint payouts_stage check (stage in ('waiting', 'sent', 'pending', 'unknown')),
    constraint payouts_method check (method in ('card', 'sbp', 'score', 'iban')),
    constraint payouts_amounts check (fiat_minor > 0 and rate > 0 and usdt_minor > 0 and fee_minor >= 0),
    constraint payouts_times check (expires_at > created_at and ended_at >= created_at),
    constraint payouts_ended check ((status = 'expectation') = (ended_at is null) and (ended_at is null) = (ended_by is null)),
    constraint payouts_claim check ((claimed_by is null) = (lease_until is null) and (claimed_by is null or ended_at is null)),
    constraint payouts_execution check ((stage = 'waiting') = (executor is null)
        and (executor is null) = (sent_at is null) and (executor is null) = (look_at is null)),
    constraint payouts_late check (late_outcome is null or late_outcome in ('paid', 'refused') and ended_at is not null),
    constraint payouts_cheques check (jsonb_typeof(cheques) = 'array'),
    constraint payouts_fingerprint check (octet_length(fingerprint) = 32)
);

-- order_id first: it finds a merchant's payout just as well, and is searched
-- without the merchant too.
create unique index payouts_order_id on payouts (order_id, merchant_id);
create index payouts_merchant on payouts (merchant_id, id);
create index payouts_last_four on payouts (last_four);
-- Of what is open only, so these stay small however many payouts have ended:
-- the work queue and the counts of capacity, and the clock.
create index payouts_open on payouts (mode, currency, method, id) where status = 'expectation';
create index payouts_due on payouts (expires_at) where status = 'expectation';
-- These are not written when a payout is created.
create index payouts_look on payouts (look_at) where status = 'expectation' and executor is not null;
create index payouts_claimed on payouts (claimed_by, id) where claimed_by is not null;
create index payouts_rejected on payouts (status, id) where status in ('rejected_timeout', 'rejected_merchant', 'rejected_gate');
create index payouts_late_outcome on payouts (id) where late_outcome is not null;

-- Every payout is updated once or more; the small indexes above are read from
-- the end where the dead entries are.
alter table payouts set (autovacuum_vacuum_scale_factor = 0.05);

create table payout_events (
    id        bigint generated always as identity,
    payout_id text collate "C" not null,
    at        timestamptz not null,
    kind      text not null constraint payout_events_kind check (kind in
              ('claimed', 'renewed', 'released', 'receipt', 'sent', 'pending', 'unknown', 'late_answer',
               'successful', 'rejected_timeout', 'rejected_merchant', 'rejected_gate')),
    actor     text not null,
    note      text not null,
    constraint payout_events_pkey primary key (payout_id, id)
);
create trigger payout_events_append_only before update or delete or truncate on payout_events
    for each statement execute function refuse_rewriting_history();

create table payout_receipts (
    id           text collate "C" not null,
    payout_id    text collate "C" not null,
    content_type text not null constraint payout_receipts_type check (content_type in ('application/pdf', 'image/png', 'image/jpeg')),
    content      bytea not null constraint payout_receipts_size check (octet_length(content) between 1 and 5242880),
    uploaded_by  text not null,
    uploaded_at  timestamptz not null,
    constraint payout_receipts_pkey primary key (id)
);
create index payout_receipts_payout on payout_receipts (payout_id, id);
-- These formats are compressed already.
alter table payout_receipts alter column content set storage external;

-- Open payouts that the platform takes of a method; null is no bound. A row is
-- never deleted: creates lock it, and a vanished row cannot be locked.
create table payout_capacity (
    currency        text not null constraint payout_capacity_currency check (currency ~ '^[a-z]{3,8}$'),
    method          text not null constraint payout_capacity_method check (method in ('card', 'sbp', 'score', 'iban')),
    max_open        bigint constraint payout_capacity_max_open check (max_open >= 0),
    max_open_amount bigint constraint payout_capacity_max_open_amount check (max_open_amount >= 0), -- minor units
    updated_at      timestamptz not null,
    constraint payout_capacity_pkey primary key (currency, method)
);
