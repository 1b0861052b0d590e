-- Signing in to the web pages: sessions, second factors and what keeps guessers out. Operators and merchants' people sign in the same way, so a realm tells them apart.

-- +goose Up

-- A second factor (RFC 6238). It counts once it was confirmed by a first code;
-- last_step is the time step of the last code taken, so that none works twice.
create table signin_factors (
    realm        text not null,
    subject      text not null,
    secret_key   text not null,
    secret_box   bytea not null,
    confirmed_at timestamptz,
    last_step    bigint not null,
    created_at   timestamptz not null,
    constraint signin_factors_pkey primary key (realm, subject)
);

-- Failures in a row of one name, whether it exists or not.
create table signin_failures (
    realm        text not null,
    name         text collate "C" not null,
    failures     integer not null constraint signin_failures_count check (failures > 0),
    locked_until timestamptz,
    last_at      timestamptz not null,
    constraint signin_failures_pkey primary key (realm, name)
);
create index signin_failures_last on signin_failures (last_at);

-- A session is known by the hash of its token. It is of use once verified_at
-- is set: until then only the second factor can be given or set up.
create table signin_sessions (
    hash        bytea not null constraint signin_sessions_pkey primary key
                constraint signin_sessions_hash check (octet_length(hash) = 32),
    id          text not null constraint signin_sessions_id unique,
    realm       text not null,
    subject     text not null,
    name        text not null,
    address     text not null,
    agent       text not null,
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    expires_at  timestamptz not null,
    verified_at timestamptz
);
create index signin_sessions_subject on signin_sessions (realm, subject, created_at);
create index signin_sessions_expires on signin_sessions (expires_at);
