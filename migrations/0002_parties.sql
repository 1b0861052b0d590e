-- The parties and the settings that decide how they are served: merchants with their keys, methods and limits, operators with their tokens, exchange rates, the audit trail, and the number that tells every process that any of it changed.

-- +goose Up

-- One row, one number: every change of configuration adds one, and every process polls it.
create table config_epoch (
    single boolean primary key default true constraint config_epoch_single check (single),
    n      bigint not null
);
insert into config_epoch (n) values (1);

create table audit_log (
    id         bigint generated always as identity primary key,
    at         timestamptz not null,
    actor_kind text not null constraint audit_log_actor_kind check (actor_kind in ('operator', 'merchant', 'executor', 'cli', 'system')),
    actor_id   text not null,
    actor_name text not null,
    address    text not null,
    action     text not null constraint audit_log_action check (action <> ''),
    subject    text not null,
    subject_id text not null,
    before     jsonb,
    after      jsonb,
    request_id text not null
);
create index audit_log_subject on audit_log (subject, subject_id, id);
create index audit_log_actor on audit_log (actor_id, id);

-- +goose StatementBegin
create function refuse_rewriting_history() returns trigger language plpgsql as $$
begin
    raise exception '% keeps history: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
-- +goose StatementEnd

-- For each statement, so that one which touches no row is refused too.
create trigger audit_log_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_rewriting_history();

create table merchants (
    id              text primary key,
    name            text not null constraint merchants_name_key unique
                    constraint merchants_name check (name ~ '^[a-z0-9_-]{1,64}$'),
    mode            text not null constraint merchants_mode check (mode in ('live', 'sandbox')),
    disabled_at     timestamptz,
    fee_bps         bigint not null constraint merchants_fee_bps check (fee_bps between 0 and 10000),
    -- USDT in millionths, whole ten-thousandths: the wire has four decimals.
    fee_fixed       bigint not null constraint merchants_fee_fixed check (fee_fixed >= 0 and fee_fixed % 100 = 0),
    timeout_minutes bigint not null constraint merchants_timeout check (timeout_minutes between 1 and 10080),
    require_v2      boolean not null,
    mask_requisites boolean not null,
    luhn            boolean not null,
    standart_sign   text not null constraint merchants_standart_sign
                    check (standart_sign in ('order_id:sign_key', 'merchant:order_id:sign_key', 'order_id:merchant:sign_key')),
    created_at      timestamptz not null
);

-- A method without a row is off.
create table merchant_methods (
    merchant_id text not null references merchants (id),
    currency    text not null constraint merchant_methods_currency check (currency ~ '^[a-z]{3,8}$'),
    method      text not null constraint merchant_methods_method check (method in ('card', 'sbp', 'score', 'iban')),
    enabled     boolean not null,
    min_minor   bigint not null constraint merchant_methods_min check (min_minor > 0),
    max_minor   bigint not null,
    primary key (merchant_id, currency, method),
    constraint merchant_methods_range check (min_minor <= max_minor)
);

-- A limit without a row has its default; a rate of zero switches it off.
create table merchant_limits (
    merchant_id text not null references merchants (id),
    name        text not null constraint merchant_limits_name check (name in ('status', 'status_payout', 'create', 'reject')),
    rate        bigint not null constraint merchant_limits_rate check (rate >= 0),
    per_ms      bigint not null,
    burst       bigint not null,
    primary key (merchant_id, name),
    constraint merchant_limits_shape check (rate = 0 and per_ms = 0 and burst = 0 or rate > 0 and per_ms > 0 and burst > 0)
);

-- Sign keys and webhook secrets must be usable in clear, so they rest sealed; of an API key a hash is enough.
create table merchant_keys (
    id          text primary key,
    merchant_id text not null references merchants (id),
    kind        text not null constraint merchant_keys_kind check (kind in ('sign', 'api', 'webhook')),
    secret_key  text,
    secret_box  bytea,
    hash        bytea,
    prefix      text not null,
    created_at  timestamptz not null,
    expires_at  timestamptz,
    constraint merchant_keys_shape check (
        case kind when 'api' then octet_length(hash) = 32 and secret_key is null and secret_box is null
                  else hash is null and secret_key is not null and secret_box is not null end)
);
-- The newest key of a kind is the one that never expires.
create unique index merchant_keys_newest on merchant_keys (merchant_id, kind) where expires_at is null;
create index merchant_keys_merchant on merchant_keys (merchant_id);
create index merchant_keys_sealed_with on merchant_keys (secret_key, id) where secret_key is not null;

create table operators (
    id            text primary key,
    email         text not null constraint operators_email_key unique
                  constraint operators_email check (email = lower(email) and email like '%_@_%'),
    role          text not null constraint operators_role check (role in ('viewer', 'operator', 'approver', 'admin')),
    password_hash text not null,
    disabled_at   timestamptz,
    created_at    timestamptz not null
);

create table operator_tokens (
    id          text primary key,
    operator_id text not null references operators (id),
    name        text not null,
    hash        bytea not null constraint operator_tokens_hash_key unique
                constraint operator_tokens_hash check (octet_length(hash) = 32),
    prefix      text not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    revoked_at  timestamptz
);
create index operator_tokens_operator on operator_tokens (operator_id);

-- Every rate ever set; the one in force is the last of its currency.
create table rates (
    id              bigint generated always as identity primary key,
    currency        text not null constraint rates_currency check (currency ~ '^[a-z]{3,8}$' and currency <> 'usdt'),
    -- Units of the currency for one USDT, in ten-thousandths.
    value           bigint not null constraint rates_value check (value > 0),
    source          text not null,
    max_age_seconds bigint not null constraint rates_max_age check (max_age_seconds > 0),
    set_at          timestamptz not null
);
create index rates_current on rates (currency, id desc);
create trigger rates_append_only before update or delete or truncate on rates
    for each statement execute function refuse_rewriting_history();
