-- Merchants' own pages: the people of a merchant who sign in there, and which sandbox merchant belongs to a live one.

-- +goose Up

-- A person belongs to one merchant for ever. in_sandbox is which side of it the
-- person looks at, where it has both.
create table merchant_people (
    id            text collate "C" not null constraint merchant_people_pkey primary key,
    merchant_id   text not null references merchants (id),
    email         text collate "C" not null constraint merchant_people_email_key unique
                  constraint merchant_people_email check (email = lower(email) and email like '%_@_%'),
    password_hash text not null,
    in_sandbox    boolean not null default false,
    disabled_at   timestamptz,
    created_at    timestamptz not null
);
create index merchant_people_merchant on merchant_people (merchant_id, email);

-- The sandbox of a live merchant, where its people try things out.
create table merchant_sandboxes (
    live_id    text not null constraint merchant_sandboxes_pkey primary key references merchants (id),
    sandbox_id text not null constraint merchant_sandboxes_sandbox unique references merchants (id),
    created_at timestamptz not null,
    constraint merchant_sandboxes_apart check (live_id <> sandbox_id)
);
