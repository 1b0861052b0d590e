-- The books: accounts, append-only transfers, and the seals that make an edit of history visible.
-- +goose Up
create table ledger_accounts (
    id         bigint generated always as identity primary key,
    mode       text        collate "C" not null,
    owner      text        collate "C" not null,
    purpose    text        collate "C" not null,
    currency   text        collate "C" not null,
    balance    bigint      not null default 0,
    floor      bigint, -- null: external and house accounts, which may go below zero
    created_at timestamptz not null,
    constraint ledger_accounts_key unique (mode, owner, purpose, currency),
    constraint ledger_accounts_mode check (mode in ('live', 'sandbox')),
    constraint ledger_accounts_floor check (balance >= floor)
) with (fillfactor = 50); -- room for in-page updates of hot balances

-- No foreign keys to accounts: they would cost two look-ups a row on the
-- fastest path. Post locks the account rows it names, and accounts cannot be
-- deleted (trigger below); `disburse ledger verify` checks the join.
create table ledger_transfers (
    id           bigint generated always as identity primary key,
    reference    text        collate "C" not null, -- compared byte by byte
    leg          smallint    not null,
    flow         text        collate "C" not null,
    from_account bigint      not null,
    to_account   bigint      not null,
    amount       bigint      not null,
    from_balance bigint      not null, -- balances after this transfer
    to_balance   bigint      not null,
    at           timestamptz not null,
    constraint ledger_transfers_reference unique (reference, leg),
    constraint ledger_transfers_amount check (amount > 0),
    constraint ledger_transfers_sides check (from_account <> to_account)
);
create index ledger_transfers_from on ledger_transfers (from_account, id);
create index ledger_transfers_to on ledger_transfers (to_account, id);

-- Seal n covers the transfers after seal n-1 up to and including `upto`.
create table ledger_seals (
    seq       bigint primary key,
    upto      bigint      not null,
    transfers bigint      not null,
    previous  bytea       not null,
    hash      bytea       not null,
    sealed_at timestamptz not null,
    constraint ledger_seals_seq check (seq > 0),
    constraint ledger_seals_hash check (length(hash) = 32 and length(previous) = 32),
    constraint ledger_seals_transfers check (transfers > 0)
);

-- +goose StatementBegin
create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'ledger: % on % is refused: the books are append-only, post a correcting entry', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd

create trigger ledger_transfers_append_only before update or delete or truncate on ledger_transfers
    for each statement execute function ledger_refuse_change();
create trigger ledger_seals_append_only before update or delete or truncate on ledger_seals
    for each statement execute function ledger_refuse_change();
create trigger ledger_accounts_kept before delete or truncate on ledger_accounts
    for each statement execute function ledger_refuse_change();
create trigger ledger_accounts_identity before update of id, mode, owner, purpose, currency, floor, created_at on ledger_accounts
    for each statement execute function ledger_refuse_change();
