-- What each reference of a bonus granted: the ledger compares amounts alone, so the kind and the wagering of a repetition are compared here.

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
