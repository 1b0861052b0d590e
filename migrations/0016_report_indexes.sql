-- Lists and figures of a million rows: an index for each that had none, so that what people look at costs the same however much there is.

-- +goose Up

-- What ended when, by mode: the course of payouts over time is read from the
-- index alone. Open payouts are not in it.
create index payouts_ended on payouts (mode, ended_at) include (status, created_at) where ended_at is not null;

-- The newest of those who share their last digits.
drop index payouts_last_four;
create index payouts_last_four on payouts (last_four, id);

-- Lists of what is rare: what is common is found near the end anyway.
create index payouts_currency on payouts (currency, id);
create index payouts_method on payouts (method, id);
create index payouts_sandbox on payouts (id) where mode = 'sandbox';

-- Search by the start of a name.
create index payouts_customer on payouts (customer text_pattern_ops, id) where customer <> '';
create index users_name_search on users (lower(name) text_pattern_ops, id);
create index users_nickname_search on users (lower(nickname) text_pattern_ops, id);
create index virtual_cards_last_four on virtual_cards (last_four);

-- The trail by action, and by day.
create index audit_log_action on audit_log (action, id);
create index audit_log_at on audit_log (at);
