-- End users: who they are, the tokens that they come with, what of their money counts towards a withdrawal, and the keys under which they repeat a request.

-- +goose Up

-- Deposits, withdrawals and turnover are summed on the user's own row, because
-- that is the row whose lock decides whether a withdrawal may begin. Kopecks.
create table users (
    id                bigint generated always as identity constraint users_pkey primary key,
    name              text not null constraint users_name check (char_length(name) between 1 and 128),
    nickname          text not null constraint users_nickname check (char_length(nickname) between 1 and 128),
    blocked_at        timestamptz,
    signup_bonus      boolean not null,
    cashback_bonus    boolean not null,
    deposited         bigint not null constraint users_deposited check (deposited >= 0),
    withdrawn         bigint not null constraint users_withdrawn check (withdrawn >= 0),
    withdrawing       bigint not null constraint users_withdrawing check (withdrawing >= 0),
    turnover          bigint not null constraint users_turnover check (turnover >= 0),
    wagering_required bigint not null constraint users_wagering_required check (wagering_required >= 0),
    created_at        timestamptz not null
);
-- Rows are updated with every order and no index changes: leave room to do so in place.
alter table users set (fillfactor = 70);

create table user_tokens (
    hash       bytea not null constraint user_tokens_pkey primary key
               constraint user_tokens_hash check (octet_length(hash) = 32),
    user_id    bigint not null references users (id),
    prefix     text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index user_tokens_user on user_tokens (user_id);

-- What a user withdraws or withdrew, by the order that does it. No foreign key
-- to users: a user who sells much would have the row locked by every insert.
-- Users are never deleted, and opening one updates the user's row anyway.
create table user_withdrawals (
    reference text collate "C" not null,
    user_id   bigint not null,
    kind      text not null constraint user_withdrawals_kind check (kind in ('card', 'p2p')),
    amount    bigint not null constraint user_withdrawals_amount check (amount > 0),
    state     text not null constraint user_withdrawals_state check (state in ('open', 'completed', 'cancelled')),
    opened_at timestamptz not null,
    ended_at  timestamptz,
    constraint user_withdrawals_pkey primary key (reference),
    constraint user_withdrawals_ended check ((state = 'open') = (ended_at is null))
);

-- What counted as a deposit, once each.
create table user_deposits (
    reference text collate "C" not null,
    user_id   bigint not null,
    amount    bigint not null constraint user_deposits_amount check (amount > 0),
    at        timestamptz not null,
    constraint user_deposits_pkey primary key (reference)
);
create trigger user_deposits_append_only before update or delete or truncate on user_deposits
    for each statement execute function refuse_rewriting_history();

-- The one place of the rules about who may withdraw how much: null, or the code
-- of the first that refuses. It is asked in the update that reserves the money,
-- so what it judges is the row as it stands under the lock.
-- +goose StatementBegin
create function withdrawal_refusal(u users, kind text, amount bigint) returns text language sql immutable as $$
    select case
        when u.blocked_at is not null then 'FORBIDDEN'
        when (kind = 'p2p' or u.signup_bonus) and u.deposited < 100000 then 'MIN_DEPOSIT_REQUIRED'
        when u.cashback_bonus and u.turnover < u.wagering_required
            and amount > u.deposited - u.withdrawn - u.withdrawing then 'WAGERING_REQUIREMENT_NOT_MET'
    end
$$;
-- +goose StatementEnd

-- A key answers with what it made the first time, for ever.
create table idempotency_keys (
    user_id    bigint not null,
    result     bigint not null,
    created_at timestamptz not null,
    route      text collate "C" not null,
    key        text collate "C" not null constraint idempotency_keys_key check (key <> ''),
    hash       bytea not null constraint idempotency_keys_hash check (octet_length(hash) = 32), -- of the request
    constraint idempotency_keys_pkey primary key (user_id, route, key)
);
create trigger idempotency_keys_append_only before update or delete or truncate on idempotency_keys
    for each statement execute function refuse_rewriting_history();

-- Users act too.
alter table audit_log drop constraint audit_log_actor_kind;
alter table audit_log add constraint audit_log_actor_kind
    check (actor_kind in ('operator', 'merchant', 'executor', 'cli', 'system', 'user'));
