-- What each reference of a bonus granted, since the ledger compares amounts alone; and idempotency keys from which nobody can guess what was asked.

-- +goose Up

create table bonus_grants (
    user_id   bigint not null,
    amount    bigint not null constraint bonus_grants_amount check (amount > 0),
    wagering  bigint not null constraint bonus_grants_wagering check (wagering >= 0),
    at        timestamptz not null,
    reference text collate "C" not null,
    kind      text collate "C" not null constraint bonus_grants_kind check (kind in ('signup', 'cashback')),
    constraint bonus_grants_pkey primary key (user_id, reference)
);
create trigger bonus_grants_append_only before update or delete or truncate on bonus_grants
    for each statement execute function refuse_rewriting_history();

-- Grants made before stand in the books under a reference that named the kind
-- too, which is not looked for any more: their rows here refuse another one. Each
-- was recorded in the transaction that made it. Where both kinds were granted
-- with one reference, the first is the one that a repetition means.
insert into bonus_grants (user_id, amount, wagering, at, reference, kind)
select distinct on (subject_id, after ->> 'ref')
    subject_id::bigint, (after ->> 'amount_kopecks')::bigint, (after ->> 'wagering_kopecks')::bigint, at, after ->> 'ref', after ->> 'kind'
from audit_log where action = 'user.grant-bonus' and subject = 'user'
order by subject_id, after ->> 'ref', id;

-- Of a key its SHA-256 is kept, and of its request the HMAC-SHA256 under the key
-- in place of a plain hash, against which card numbers could be tried. The HMAC
-- of an earlier request cannot be made, as the request is not known, and its
-- plain hash must not stay. It becomes zeros, which are the mark of no request:
-- who repeats a request from before is refused as if it were another one, and
-- still nothing is made twice.
alter table idempotency_keys
    drop constraint idempotency_keys_key,
    alter column key type bytea using sha256(convert_to(key, 'UTF8')),
    alter column hash type bytea using decode(repeat('00', 32), 'hex'),
    add constraint idempotency_keys_key check (octet_length(key) = 32);
