-- Payouts and game transactions: an index for lists is not taken for a look-up by key.

-- +goose Up

-- On a table that was never analyzed the planner expects one row of a merchant as
-- of an order, and took the list of all the merchant's payouts to find one of them.
-- Who wants the list says so by its condition; every row fulfils it.
drop index payouts_merchant;
create index payouts_merchant on payouts (merchant_id, id) where id > '';

drop index game_transactions_newest;
create index game_transactions_newest on game_transactions (provider_id, created_at, id) where created_at > '-infinity';
