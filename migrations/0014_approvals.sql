-- Four eyes: what waits for a second person, from which amount a payout does, and what the schema itself refuses about both.

-- +goose Up

-- What one person asked for and another one decides. Neither the first nor what
-- is asked for ever changes: who wants something else asks anew.
create table approvals (
    id             text collate "C" not null,
    kind           text not null constraint approvals_kind check (kind in ('payout', 'adjustment', 'key_rotation')),
    subject        text collate "C" not null, -- a payout's id, or a merchant's
    reference      text not null, -- of an adjustment, which is asked for once
    what           jsonb not null constraint approvals_what check (jsonb_typeof(what) = 'object'), -- no secrets
    reason         text not null,
    state          text not null constraint approvals_state check (state in ('waiting', 'approved', 'refused', 'void')),
    requested_by   text not null, -- as payouts.claimed_by: "operator:opr_..."
    requested_name text not null,
    requested_at   timestamptz not null,
    expires_at     timestamptz not null,
    decided_by     text,
    decided_name   text,
    decided_at     timestamptz,
    note           text not null,
    used_at        timestamptz, -- of what is done only after it was approved
    constraint approvals_pkey primary key (id),
    constraint approvals_times check (expires_at > requested_at),
    constraint approvals_decided check ((state = 'waiting') = (decided_at is null)
        and (decided_at is null) = (decided_by is null) and (decided_at is null) = (decided_name is null)),
    constraint approvals_two_people check (state not in ('approved', 'refused') or decided_by <> requested_by),
    constraint approvals_used check (used_at is null or state = 'approved')
);
-- One of a kind waits, and what has a reference is granted once.
create unique index approvals_once on approvals (kind, subject, reference)
    where state = 'waiting' or (state = 'approved' and reference <> '');
create index approvals_waiting on approvals (id) where state = 'waiting';
create index approvals_subject on approvals (subject, id);
create index approvals_kind on approvals (kind, state, id);

-- From which amount a payout needs a second person; null is from none. History
-- stays: a payout obeys the strictest rule that was in force while it was open,
-- so that none is let through by a change of the rule.
create table payout_approval_rules (
    id          bigint generated always as identity,
    currency    text not null constraint payout_approval_rules_currency check (currency ~ '^[a-z]{3,8}$'),
    at_or_above bigint constraint payout_approval_rules_amount check (at_or_above >= 0), -- minor units
    set_at      timestamptz not null,
    set_by      text not null,
    constraint payout_approval_rules_pkey primary key (id)
);
create index payout_approval_rules_latest on payout_approval_rules (currency, set_at, id);
create trigger payout_approval_rules_append_only before update or delete or truncate on payout_approval_rules
    for each statement execute function refuse_rewriting_history();

-- +goose StatementBegin
create function payout_needs_approval(of_currency text, amount bigint, since timestamptz) returns boolean language sql stable as $$
    select exists (
        select from payout_approval_rules r
        where r.currency = of_currency and r.at_or_above <= amount
            and (r.set_at > since or r.id = (
                select f.id from payout_approval_rules f where f.currency = of_currency and f.set_at <= since
                order by f.set_at desc, f.id desc limit 1)))
$$;
-- +goose StatementEnd

-- Who said that a payout is paid, while another person has not agreed yet and
-- for ever after.
alter table payouts
    add column completed_at timestamptz,
    add column completed_by text,
    drop constraint payouts_stage,
    add constraint payouts_stage check (stage in ('waiting', 'sent', 'pending', 'unknown', 'awaiting_approval')),
    drop constraint payouts_execution,
    add constraint payouts_execution check ((executor is null) = (sent_at is null) and (executor is null) = (look_at is null)
        and (stage <> 'waiting' or executor is null) and (executor is not null or stage in ('waiting', 'awaiting_approval'))),
    add constraint payouts_completion check ((completed_by is null) = (completed_at is null)
        and (stage = 'awaiting_approval') = (completed_by is not null) and (completed_by is null or claimed_by is null)),
    add constraint payouts_four_eyes check (completed_by is null or ended_by is null or ended_by <> completed_by);
create index payouts_awaiting on payouts (id) where status = 'expectation' and stage = 'awaiting_approval';

alter table payout_events
    drop constraint payout_events_kind,
    add constraint payout_events_kind check (kind in
        ('claimed', 'renewed', 'released', 'receipt', 'sent', 'pending', 'unknown', 'late_answer', 'awaiting_approval', 'recalled',
         'successful', 'rejected_timeout', 'rejected_merchant', 'rejected_gate'));
