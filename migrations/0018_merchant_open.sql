-- A merchant's open payouts, which its own pages count every second while somebody looks: without an index of their own all of its payouts would be read.

-- +goose Up

create index payouts_merchant_open on payouts (merchant_id, id) where status = 'expectation';
