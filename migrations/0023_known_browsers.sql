-- Browsers in which somebody has signed in before: their failures are counted apart, so that nobody can lock a person out by guessing at their name.

-- +goose Up

-- A browser is known by the hash of its token, for each name that came in there.
create table signin_browsers (
    hash       bytea not null constraint signin_browsers_hash check (octet_length(hash) = 32),
    realm      text not null,
    name       text collate "C" not null,
    subject    text not null,
    expires_at timestamptz not null,
    constraint signin_browsers_pkey primary key (hash, realm, name)
);
create index signin_browsers_subject on signin_browsers (realm, subject);
create index signin_browsers_expires on signin_browsers (expires_at);

-- What the failures of the session are counted as. Empty for sessions from
-- before, which count as their name.
alter table signin_sessions add column counted text not null default '';
