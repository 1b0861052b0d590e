-- Lists that had no index of their own: accounts by owner, purpose and mode, the trail of a period, players, sessions and transactions of a provider, rounds, and virtual cards.

-- +goose Up

-- None of these columns ever changes, so a balance is still changed in place.
create index ledger_accounts_owner on ledger_accounts (owner, id);
create index ledger_accounts_purpose on ledger_accounts (purpose, id);
create index ledger_accounts_sandbox on ledger_accounts (id) where mode = 'sandbox';

-- The trail of a period is read in the order of time.
drop index audit_log_at;
create index audit_log_time on audit_log (at, id);

-- The newest transactions of each provider, of which there are few; those of all
-- are merged from them.
drop index game_transactions_time;
create index game_transactions_newest on game_transactions (provider_id, created_at, id);

create index game_players_provider on game_players (provider_id, id);
create index game_sessions_provider on game_sessions (provider_id, id);
create unique index game_rounds_id on game_rounds (id);

-- Sessions that nobody closed are over when their time is: few are not.
create index game_sessions_open on game_sessions (expires_at) where closed_at is null;

create index virtual_cards_newest on virtual_cards (created_at, id);
