-- Bets and wins: what game providers did to their players' money, by round and by day.

-- +goose Up

-- One row a transaction id, whatever its kind, so that a bet and the tombstone
-- of its rollback can never both stand. No foreign keys: every insert would
-- lock its player, and players are never removed.
create table game_transactions (
    id                  bigint not null generated always as identity,
    created_at          timestamptz not null,
    ended_at            timestamptz, -- of a withdraw: when it was settled first, or undone
    provider_id         bigint not null,
    scope               bigint not null, -- 0: ids are the provider's; else the player whose ids they are
    player              bigint not null,
    amount              bigint not null, -- this and the next two in minor units
    jackpot             bigint not null, -- a part of the amount
    bonus               bigint not null, -- the part of a stake that was bonus money
    round_finished      boolean not null,
    free_spins_consumed boolean,
    kind                text collate "C" not null constraint game_transactions_kind
                        check (kind in ('withdraw', 'deposit', 'rollback', 'tombstone')),
    state               text collate "C" not null,
    currency            text collate "C" not null,
    transaction_id      text collate "C" not null,
    withdraw_id         text collate "C", -- that a deposit or a rollback names
    game_id             text collate "C" not null,
    round_id            text collate "C" not null,
    campaign            text collate "C",
    constraint game_transactions_pkey primary key (provider_id, scope, transaction_id),
    constraint game_transactions_state check (case kind
        when 'withdraw' then state in ('open', 'settled', 'rolled_back')
        when 'deposit' then state = 'done'
        when 'rollback' then state in ('done', 'repeated', 'not_found')
        else state = 'barred' end),
    constraint game_transactions_ended check ((state in ('settled', 'rolled_back')) = (ended_at is not null)),
    constraint game_transactions_amounts check (amount >= 0 and jackpot between 0 and amount and bonus between 0 and amount),
    constraint game_transactions_empty check (amount = 0 or state not in ('repeated', 'not_found', 'barred')),
    constraint game_transactions_withdraw_id check (case kind
        when 'rollback' then withdraw_id is not null
        when 'deposit' then true
        else withdraw_id is null end)
) with (fillfactor = 85);
create index game_transactions_time on game_transactions (created_at, id);
create index game_transactions_player on game_transactions (player, created_at, id);
create index game_transactions_round on game_transactions (round_id);

create table game_rounds (
    id          bigint not null generated always as identity,
    opened_at   timestamptz not null,
    finished_at timestamptz,
    player      bigint not null,
    bets        bigint not null,
    wins        bigint not null,
    rolled_back bigint not null, -- of the bets
    staked      bigint not null, -- without what was rolled back
    won         bigint not null,
    round_id    text collate "C" not null,
    game_id     text collate "C" not null,
    constraint game_rounds_pkey primary key (round_id, player, game_id),
    constraint game_rounds_counts check (bets >= 0 and wins >= 0 and rolled_back between 0 and bets and staked >= 0 and won >= 0)
) with (fillfactor = 85);
create index game_rounds_open on game_rounds (id) where finished_at is null;

-- What a player has lost on a day of UTC: bets minus wins minus what was rolled
-- back of the day's bets. Below zero the player has won.
create table game_losses (
    player     bigint not null,
    loss       bigint not null,
    loss_limit bigint, -- in force at the last bet
    day        date not null,
    constraint game_losses_pkey primary key (player, day)
) with (fillfactor = 60);
