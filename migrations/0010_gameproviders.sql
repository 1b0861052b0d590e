-- Providers of games and who plays them: profiles of how providers differ, key pairs, games, players bound to users, and sessions.

-- +goose Up

-- How a provider behaves where providers are known to differ; default is what is published.
create table game_profiles (
    name              text collate "C" not null constraint game_profiles_pkey primary key
                      constraint game_profiles_name check (name ~ '^[a-z0-9_-]{1,64}$'),
    duplicate         text not null constraint game_profiles_duplicate check (duplicate in ('replay', 'refuse')),
    unknown_rollback  text not null constraint game_profiles_unknown_rollback check (unknown_rollback in ('accept', 'refuse')),
    repeated_rollback text not null constraint game_profiles_repeated_rollback check (repeated_rollback in ('accept', 'refuse')),
    id_scope          text not null constraint game_profiles_id_scope check (id_scope in ('provider', 'player')),
    win_without_bet   text not null constraint game_profiles_win_without_bet check (win_without_bet in ('accept', 'refuse')),
    late_bet          text not null constraint game_profiles_late_bet check (late_bet in ('accept', 'refuse'))
);
insert into game_profiles (name, duplicate, unknown_rollback, repeated_rollback, id_scope, win_without_bet, late_bet) values
    ('default',           'replay', 'refuse', 'accept', 'provider', 'refuse', 'refuse'),
    ('strict-duplicates', 'refuse', 'accept', 'accept', 'provider', 'refuse', 'refuse'),
    ('strict-rollback',   'replay', 'refuse', 'refuse', 'provider', 'refuse', 'refuse'),
    ('lenient-rollback',  'replay', 'accept', 'accept', 'provider', 'refuse', 'accept'),
    ('player-scoped-ids', 'replay', 'accept', 'accept', 'player',   'accept', 'refuse'),
    ('promo-wins',        'replay', 'refuse', 'accept', 'provider', 'accept', 'refuse');

create table game_providers (
    id          bigint generated always as identity constraint game_providers_pkey primary key,
    name        text collate "C" not null constraint game_providers_name_key unique
                constraint game_providers_name check (name ~ '^[a-z0-9_-]{1,64}$'),
    profile     text collate "C" not null references game_profiles (name),
    inactive_at timestamptz,
    created_at  timestamptz not null
);
create index game_providers_profile on game_providers (profile);

-- A private key must be usable in clear, so it rests sealed.
create table game_provider_keys (
    public_key  text collate "C" not null constraint game_provider_keys_pkey primary key,
    provider_id bigint not null references game_providers (id),
    secret_key  text not null,
    secret_box  bytea not null,
    created_at  timestamptz not null,
    expires_at  timestamptz
);
-- The current pair is the one that never expires.
create unique index game_provider_keys_current on game_provider_keys (provider_id) where expires_at is null;
create index game_provider_keys_provider on game_provider_keys (provider_id);
create index game_provider_keys_sealed_with on game_provider_keys (secret_key, public_key);

create table games (
    id          bigint generated always as identity constraint games_pkey primary key,
    provider_id bigint not null references game_providers (id),
    game_id     text collate "C" not null constraint games_game_id check (char_length(game_id) between 1 and 255),
    active      boolean not null,
    created_at  timestamptz not null,
    constraint games_game_id_key unique (provider_id, game_id)
);

-- What a name is bound to never changes: what was bet under it must find its
-- way back. Limits are minor units of the currency.
create table game_players (
    id                    bigint generated always as identity constraint game_players_pkey primary key,
    provider_id           bigint not null references game_providers (id),
    player_id             text collate "C" not null constraint game_players_player_id check (char_length(player_id) between 1 and 45),
    user_id               bigint not null references users (id),
    currency              text collate "C" not null constraint game_players_currency check (currency ~ '^[A-Z]{3}$'),
    blocked_at            timestamptz,
    bet_limit             bigint constraint game_players_bet_limit check (bet_limit >= 0),
    loss_limit_day        bigint constraint game_players_loss_limit_day check (loss_limit_day >= 0),
    reality_check_seconds bigint not null constraint game_players_reality_check check (reality_check_seconds >= 0),
    created_at            timestamptz not null,
    constraint game_players_player_id_key unique (provider_id, player_id)
);
create index game_players_user on game_players (user_id, id);

-- +goose StatementBegin
create function refuse_rebinding() returns trigger language plpgsql as $$
begin
    raise exception 'a player stays bound to what it was bound to' using errcode = 'insufficient_privilege';
end
$$;
-- +goose StatementEnd
create trigger game_players_stay_bound before update on game_players for each row
    when ((old.provider_id, old.player_id, old.user_id, old.currency) is distinct from (new.provider_id, new.player_id, new.user_id, new.currency))
    execute function refuse_rebinding();

create table game_sessions (
    id          bigint generated always as identity constraint game_sessions_pkey primary key,
    provider_id bigint not null references game_providers (id),
    session_id  text collate "C" not null constraint game_sessions_session_id check (char_length(session_id) between 1 and 600),
    player      bigint not null references game_players (id),
    opened_at   timestamptz not null,
    expires_at  timestamptz not null,
    checked_at  timestamptz not null,
    closed_at   timestamptz,
    constraint game_sessions_session_id_key unique (provider_id, session_id),
    constraint game_sessions_times check (expires_at > opened_at and checked_at >= opened_at)
);
create index game_sessions_player on game_sessions (player, id);
