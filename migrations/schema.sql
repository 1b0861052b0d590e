-- What all migrations together make. Written by "make schema", for reading only.

-- Sequences

sequence audit_log_id_seq: bigint, start 1, increment 1

sequence card_orders_id_seq: bigint, start 1, increment 1

sequence chat_messages_id_seq: bigint, start 1, increment 1

sequence game_players_id_seq: bigint, start 1, increment 1

sequence game_providers_id_seq: bigint, start 1, increment 1

sequence game_rounds_id_seq: bigint, start 1, increment 1

sequence game_sessions_id_seq: bigint, start 1, increment 1

sequence game_transactions_id_seq: bigint, start 1, increment 1

sequence games_id_seq: bigint, start 1, increment 1

sequence ledger_accounts_id_seq: bigint, start 1, increment 1

sequence ledger_transfers_id_seq: bigint, start 1, increment 1

sequence p2p_ads_id_seq: bigint, start 1, increment 1

sequence p2p_orders_id_seq: bigint, start 1, increment 1

sequence payout_approval_rules_id_seq: bigint, start 1, increment 1

sequence payout_events_id_seq: bigint, start 1, increment 1

sequence rates_id_seq: bigint, start 1, increment 1

sequence users_id_seq: bigint, start 1, increment 1

sequence virtual_card_operations_id_seq: bigint, start 1, increment 1

-- Tables

table approvals
    id text collate C not null
    kind text not null
    subject text collate C not null
    reference text not null
    what jsonb not null
    reason text not null
    state text not null
    requested_by text not null
    requested_name text not null
    requested_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    decided_by text
    decided_name text
    decided_at timestamp with time zone
    note text not null
    used_at timestamp with time zone
    constraint approvals_decided CHECK ((((state = 'waiting'::text) = (decided_at IS NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)) AND ((decided_at IS NULL) = (decided_name IS NULL))))
    constraint approvals_kind CHECK ((kind = ANY (ARRAY['payout'::text, 'adjustment'::text, 'key_rotation'::text, 'approval_rule'::text, 'virtual_card'::text, 'merchant_person'::text])))
    constraint approvals_state CHECK ((state = ANY (ARRAY['waiting'::text, 'approved'::text, 'refused'::text, 'void'::text])))
    constraint approvals_times CHECK ((expires_at > requested_at))
    constraint approvals_two_people CHECK (((state <> ALL (ARRAY['approved'::text, 'refused'::text])) OR (decided_by <> requested_by)))
    constraint approvals_used CHECK (((used_at IS NULL) OR (state = 'approved'::text)))
    constraint approvals_what CHECK ((jsonb_typeof(what) = 'object'::text))
    constraint approvals_pkey PRIMARY KEY (id)
    CREATE INDEX approvals_kind ON public.approvals USING btree (kind, state, id)
    CREATE INDEX approvals_subject ON public.approvals USING btree (subject, id)
    CREATE INDEX approvals_waiting ON public.approvals USING btree (id) WHERE (state = 'waiting'::text)
    CREATE UNIQUE INDEX approvals_once ON public.approvals USING btree (kind, subject, reference) WHERE ((state = 'waiting'::text) OR ((state = 'approved'::text) AND (reference <> ''::text) AND (kind <> 'merchant_person'::text)))

table audit_log
    id bigint not null identity a
    at timestamp with time zone not null
    actor_kind text not null
    actor_id text not null
    actor_name text not null
    address text not null
    action text not null
    subject text not null
    subject_id text not null
    before jsonb
    after jsonb
    request_id text not null
    constraint audit_log_action CHECK ((action <> ''::text))
    constraint audit_log_actor_kind CHECK ((actor_kind = ANY (ARRAY['operator'::text, 'merchant'::text, 'executor'::text, 'cli'::text, 'system'::text, 'user'::text])))
    constraint audit_log_pkey PRIMARY KEY (id)
    CREATE INDEX audit_log_action ON public.audit_log USING btree (action, id)
    CREATE INDEX audit_log_actor ON public.audit_log USING btree (actor_id, id)
    CREATE INDEX audit_log_subject ON public.audit_log USING btree (subject, subject_id, id)
    CREATE INDEX audit_log_time ON public.audit_log USING btree (at, id)
    CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table bonus_grants
    user_id bigint not null
    amount bigint not null
    wagering bigint not null
    at timestamp with time zone not null
    reference text collate C not null
    kind text collate C not null
    constraint bonus_grants_amount CHECK ((amount > 0))
    constraint bonus_grants_kind CHECK ((kind = ANY (ARRAY['signup'::text, 'cashback'::text])))
    constraint bonus_grants_wagering CHECK ((wagering >= 0))
    constraint bonus_grants_pkey PRIMARY KEY (user_id, reference)
    CREATE TRIGGER bonus_grants_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.bonus_grants FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table callback_attempts
    event_id text collate C not null
    number integer not null
    started_at timestamp with time zone not null
    duration_us bigint not null
    outcome text not null
    status integer
    error text not null
    response text not null
    constraint callback_attempts_duration_us_check CHECK ((duration_us >= 0))
    constraint callback_attempts_number_check CHECK ((number > 0))
    constraint callback_attempts_response_check CHECK ((octet_length(response) <= 1024))
    constraint callback_attempts_pkey PRIMARY KEY (event_id, number)

table callback_circuits
    endpoint text collate C not null
    failures integer not null
    failing_since timestamp with time zone not null
    last_failure timestamp with time zone not null
    constraint callback_circuits_check CHECK ((last_failure >= failing_since))
    constraint callback_circuits_failures_check CHECK ((failures > 0))
    constraint callback_circuits_pkey PRIMARY KEY (endpoint)

table callback_deliveries with (fillfactor=60, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=2000, autovacuum_analyze_scale_factor=0.05)
    event_id text collate C not null
    endpoint text collate C not null
    state text not null default 'pending'::text
    class text not null default 'first'::text
    attempts integer not null default 0
    failures integer not null default 0
    takes integer not null default 0
    scheduled_at timestamp with time zone not null
    next_attempt_at timestamp with time zone not null
    lease_until timestamp with time zone
    last_status integer
    last_error text not null default ''::text
    finished_at timestamp with time zone
    dead_reason text not null default ''::text
    constraint callback_deliveries_class CHECK ((class = ANY (ARRAY['first'::text, 'retry'::text, 'bulk'::text])))
    constraint callback_deliveries_counts CHECK (((attempts >= 0) AND ((failures >= 0) AND (failures <= attempts)) AND (takes >= 0)))
    constraint callback_deliveries_state CHECK ((((state = 'pending'::text) AND (finished_at IS NULL) AND (dead_reason = ''::text)) OR ((state = 'delivered'::text) AND (finished_at IS NOT NULL) AND (lease_until IS NULL) AND (dead_reason = ''::text)) OR ((state = 'dead'::text) AND (finished_at IS NOT NULL) AND (lease_until IS NULL) AND (dead_reason = ANY (ARRAY['exhausted'::text, 'gone'::text])))))
    constraint callback_deliveries_pkey PRIMARY KEY (event_id)
    CREATE INDEX callback_deliveries_dead ON public.callback_deliveries USING btree (event_id) WHERE (state = 'dead'::text)
    CREATE INDEX callback_deliveries_due ON public.callback_deliveries USING btree (endpoint, next_attempt_at) WHERE (state = 'pending'::text)
    CREATE TRIGGER callback_staged AFTER INSERT ON public.callback_deliveries REFERENCING NEW TABLE AS staged FOR EACH STATEMENT EXECUTE FUNCTION callback_staged()

table callback_events
    id text collate C not null
    merchant_id text collate C not null
    subject text collate C not null
    order_id text not null
    kind text not null
    url text not null
    body_key text not null
    body_box bytea not null
    created_at timestamp with time zone not null
    constraint callback_events_id_check CHECK (((length(id) >= 1) AND (length(id) <= 64)))
    constraint callback_events_url_check CHECK (((length(url) >= 1) AND (length(url) <= 512)))
    constraint callback_events_pkey PRIMARY KEY (id)
    CREATE INDEX callback_events_merchant ON public.callback_events USING btree (merchant_id, id)
    CREATE INDEX callback_events_order ON public.callback_events USING btree (order_id)
    CREATE INDEX callback_events_subject ON public.callback_events USING btree (subject)

table card_orders
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
    ended_at timestamp with time zone
    lease_until timestamp with time zone
    id bigint not null identity d
    user_id bigint not null
    amount bigint not null
    type text not null
    status text not null
    card_mask text not null
    card_key text
    card_box bytea
    bank_name text not null
    holder_name text not null
    claimed_by text
    ended_by text
    cancel_reason text
    constraint card_orders_amount CHECK ((amount > 0))
    constraint card_orders_card CHECK ((((card_key IS NULL) = (card_box IS NULL)) AND ((card_key IS NULL) = (card_mask = ''::text)) AND ((type = 'deposit'::text) OR (card_key IS NOT NULL))))
    constraint card_orders_claim CHECK ((((claimed_by IS NULL) = (lease_until IS NULL)) AND ((claimed_by IS NULL) OR (ended_at IS NULL))))
    constraint card_orders_ended CHECK ((((status = ANY (ARRAY['completed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL))))
    constraint card_orders_paid CHECK (((status <> 'paid_by_user'::text) OR (type = 'deposit'::text)))
    constraint card_orders_reason CHECK (((cancel_reason IS NULL) OR (status = 'cancelled'::text)))
    constraint card_orders_status CHECK ((status = ANY (ARRAY['pending'::text, 'paid_by_user'::text, 'completed'::text, 'cancelled'::text])))
    constraint card_orders_times CHECK (((updated_at >= created_at) AND (ended_at >= created_at)))
    constraint card_orders_type CHECK ((type = ANY (ARRAY['withdraw'::text, 'deposit'::text])))
    constraint card_orders_pkey PRIMARY KEY (id)
    CREATE INDEX card_orders_ended_as ON public.card_orders USING btree (status, id) WHERE (status = ANY (ARRAY['completed'::text, 'cancelled'::text]))
    CREATE INDEX card_orders_open ON public.card_orders USING btree (id) WHERE (status = ANY (ARRAY['pending'::text, 'paid_by_user'::text]))
    CREATE INDEX card_orders_user ON public.card_orders USING btree (user_id, id)
    CREATE UNIQUE INDEX card_orders_active ON public.card_orders USING btree (user_id, type) WHERE (status = ANY (ARRAY['pending'::text, 'paid_by_user'::text]))

table card_settings
    single boolean not null default true
    enabled boolean not null
    deposit_min bigint not null
    deposit_max bigint not null
    withdraw_min bigint not null
    withdraw_max bigint not null
    card_key text
    card_box bytea
    bank_name text not null
    holder_name text not null
    updated_at timestamp with time zone not null
    constraint card_settings_card CHECK (((card_key IS NULL) = (card_box IS NULL)))
    constraint card_settings_deposit CHECK (((deposit_min > 0) AND (deposit_min <= deposit_max)))
    constraint card_settings_single CHECK (single)
    constraint card_settings_withdraw CHECK (((withdraw_min > 0) AND (withdraw_min <= withdraw_max)))
    constraint card_settings_pkey PRIMARY KEY (single)

table chat_messages
    id bigint not null identity d
    subject text not null
    order_id bigint not null
    user_id bigint
    author text not null
    text_key text not null
    text_box bytea not null
    created_at timestamp with time zone not null
    constraint chat_messages_sender CHECK (((user_id IS NULL) = (author <> ''::text)))
    constraint chat_messages_subject CHECK ((subject = ANY (ARRAY['card'::text, 'p2p'::text])))
    constraint chat_messages_pkey PRIMARY KEY (id)
    CREATE INDEX chat_messages_order ON public.chat_messages USING btree (subject, order_id, id)

table chat_reads
    last_id bigint not null
    order_id bigint not null
    read_at timestamp with time zone not null
    reader text collate C not null
    subject text not null
    constraint chat_reads_subject CHECK ((subject = ANY (ARRAY['card'::text, 'p2p'::text])))
    constraint chat_reads_pkey PRIMARY KEY (reader, subject, order_id)

table config_epoch
    single boolean not null default true
    n bigint not null
    constraint config_epoch_single CHECK (single)
    constraint config_epoch_pkey PRIMARY KEY (single)

table game_losses with (fillfactor=60)
    player bigint not null
    loss bigint not null
    loss_limit bigint
    day date not null
    constraint game_losses_pkey PRIMARY KEY (player, day)

table game_players
    id bigint not null identity a
    provider_id bigint not null
    player_id text collate C not null
    user_id bigint not null
    currency text collate C not null
    blocked_at timestamp with time zone
    bet_limit bigint
    loss_limit_day bigint
    reality_check_seconds bigint not null
    created_at timestamp with time zone not null
    constraint game_players_bet_limit CHECK ((bet_limit >= 0))
    constraint game_players_currency CHECK ((currency ~ '^[A-Z]{3}$'::text))
    constraint game_players_loss_limit_day CHECK ((loss_limit_day >= 0))
    constraint game_players_player_id CHECK (((char_length(player_id) >= 1) AND (char_length(player_id) <= 45)))
    constraint game_players_reality_check CHECK ((reality_check_seconds >= 0))
    constraint game_players_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES game_providers(id)
    constraint game_players_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
    constraint game_players_pkey PRIMARY KEY (id)
    constraint game_players_player_id_key UNIQUE (provider_id, player_id)
    CREATE INDEX game_players_provider ON public.game_players USING btree (provider_id, id)
    CREATE INDEX game_players_user ON public.game_players USING btree (user_id, id)
    CREATE TRIGGER game_players_stay_bound BEFORE UPDATE ON public.game_players FOR EACH ROW WHEN (((((old.provider_id IS DISTINCT FROM new.provider_id) OR (old.player_id IS DISTINCT FROM new.player_id)) OR (old.user_id IS DISTINCT FROM new.user_id)) OR (old.currency IS DISTINCT FROM new.currency))) EXECUTE FUNCTION refuse_rebinding()

table game_profiles
    name text collate C not null
    duplicate text not null
    unknown_rollback text not null
    repeated_rollback text not null
    id_scope text not null
    win_without_bet text not null
    late_bet text not null
    constraint game_profiles_duplicate CHECK ((duplicate = ANY (ARRAY['replay'::text, 'refuse'::text])))
    constraint game_profiles_id_scope CHECK ((id_scope = ANY (ARRAY['provider'::text, 'player'::text])))
    constraint game_profiles_late_bet CHECK ((late_bet = ANY (ARRAY['accept'::text, 'refuse'::text])))
    constraint game_profiles_name CHECK ((name ~ '^[a-z0-9_-]{1,64}$'::text))
    constraint game_profiles_repeated_rollback CHECK ((repeated_rollback = ANY (ARRAY['accept'::text, 'refuse'::text])))
    constraint game_profiles_unknown_rollback CHECK ((unknown_rollback = ANY (ARRAY['accept'::text, 'refuse'::text])))
    constraint game_profiles_win_without_bet CHECK ((win_without_bet = ANY (ARRAY['accept'::text, 'refuse'::text])))
    constraint game_profiles_pkey PRIMARY KEY (name)

table game_provider_keys
    public_key text collate C not null
    provider_id bigint not null
    secret_key text not null
    secret_box bytea not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone
    constraint game_provider_keys_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES game_providers(id)
    constraint game_provider_keys_pkey PRIMARY KEY (public_key)
    CREATE INDEX game_provider_keys_provider ON public.game_provider_keys USING btree (provider_id)
    CREATE INDEX game_provider_keys_sealed_with ON public.game_provider_keys USING btree (secret_key, public_key)
    CREATE UNIQUE INDEX game_provider_keys_current ON public.game_provider_keys USING btree (provider_id) WHERE (expires_at IS NULL)

table game_providers
    id bigint not null identity a
    name text collate C not null
    profile text collate C not null
    inactive_at timestamp with time zone
    created_at timestamp with time zone not null
    constraint game_providers_name CHECK ((name ~ '^[a-z0-9_-]{1,64}$'::text))
    constraint game_providers_profile_fkey FOREIGN KEY (profile) REFERENCES game_profiles(name)
    constraint game_providers_pkey PRIMARY KEY (id)
    constraint game_providers_name_key UNIQUE (name)
    CREATE INDEX game_providers_profile ON public.game_providers USING btree (profile)

table game_rounds with (fillfactor=85)
    id bigint not null identity a
    opened_at timestamp with time zone not null
    finished_at timestamp with time zone
    player bigint not null
    bets bigint not null
    wins bigint not null
    rolled_back bigint not null
    staked bigint not null
    won bigint not null
    round_id text collate C not null
    game_id text collate C not null
    constraint game_rounds_counts CHECK (((bets >= 0) AND (wins >= 0) AND ((rolled_back >= 0) AND (rolled_back <= bets)) AND (staked >= 0) AND (won >= 0)))
    constraint game_rounds_pkey PRIMARY KEY (round_id, player, game_id)
    CREATE INDEX game_rounds_open ON public.game_rounds USING btree (id) WHERE (finished_at IS NULL)
    CREATE UNIQUE INDEX game_rounds_id ON public.game_rounds USING btree (id)

table game_sessions
    id bigint not null identity a
    provider_id bigint not null
    session_id text collate C not null
    player bigint not null
    opened_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    checked_at timestamp with time zone not null
    closed_at timestamp with time zone
    constraint game_sessions_session_id CHECK (((char_length(session_id) >= 1) AND (char_length(session_id) <= 600)))
    constraint game_sessions_times CHECK (((expires_at > opened_at) AND (checked_at >= opened_at)))
    constraint game_sessions_player_fkey FOREIGN KEY (player) REFERENCES game_players(id)
    constraint game_sessions_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES game_providers(id)
    constraint game_sessions_pkey PRIMARY KEY (id)
    constraint game_sessions_session_id_key UNIQUE (provider_id, session_id)
    CREATE INDEX game_sessions_open ON public.game_sessions USING btree (expires_at) WHERE (closed_at IS NULL)
    CREATE INDEX game_sessions_player ON public.game_sessions USING btree (player, id)
    CREATE INDEX game_sessions_provider ON public.game_sessions USING btree (provider_id, id)

table game_transactions with (fillfactor=85)
    id bigint not null identity a
    created_at timestamp with time zone not null
    ended_at timestamp with time zone
    provider_id bigint not null
    scope bigint not null
    player bigint not null
    amount bigint not null
    jackpot bigint not null
    bonus bigint not null
    round_finished boolean not null
    free_spins_consumed boolean
    kind text collate C not null
    state text collate C not null
    currency text collate C not null
    transaction_id text collate C not null
    withdraw_id text collate C
    game_id text collate C not null
    round_id text collate C not null
    campaign text collate C
    constraint game_transactions_amounts CHECK (((amount >= 0) AND ((jackpot >= 0) AND (jackpot <= amount)) AND ((bonus >= 0) AND (bonus <= amount))))
    constraint game_transactions_empty CHECK (((amount = 0) OR (state <> ALL (ARRAY['repeated'::text, 'not_found'::text, 'barred'::text]))))
    constraint game_transactions_ended CHECK (((state = ANY (ARRAY['settled'::text, 'rolled_back'::text])) = (ended_at IS NOT NULL)))
    constraint game_transactions_kind CHECK ((kind = ANY (ARRAY['withdraw'::text, 'deposit'::text, 'rollback'::text, 'tombstone'::text])))
    constraint game_transactions_state CHECK (
CASE kind
    WHEN 'withdraw'::text THEN (state = ANY (ARRAY['open'::text, 'settled'::text, 'rolled_back'::text]))
    WHEN 'deposit'::text THEN (state = 'done'::text)
    WHEN 'rollback'::text THEN (state = ANY (ARRAY['done'::text, 'repeated'::text, 'not_found'::text]))
    ELSE (state = 'barred'::text)
END)
    constraint game_transactions_withdraw_id CHECK (
CASE kind
    WHEN 'rollback'::text THEN (withdraw_id IS NOT NULL)
    WHEN 'deposit'::text THEN true
    ELSE (withdraw_id IS NULL)
END)
    constraint game_transactions_pkey PRIMARY KEY (provider_id, scope, transaction_id)
    CREATE INDEX game_transactions_newest ON public.game_transactions USING btree (provider_id, created_at, id) WHERE (created_at > '-infinity'::timestamp with time zone)
    CREATE INDEX game_transactions_player ON public.game_transactions USING btree (player, created_at, id)
    CREATE INDEX game_transactions_round ON public.game_transactions USING btree (round_id)

table games
    id bigint not null identity a
    provider_id bigint not null
    game_id text collate C not null
    active boolean not null
    created_at timestamp with time zone not null
    constraint games_game_id CHECK (((char_length(game_id) >= 1) AND (char_length(game_id) <= 255)))
    constraint games_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES game_providers(id)
    constraint games_pkey PRIMARY KEY (id)
    constraint games_game_id_key UNIQUE (provider_id, game_id)

table idempotency_keys
    user_id bigint not null
    result bigint not null
    created_at timestamp with time zone not null
    route text collate C not null
    key bytea not null
    hash bytea not null
    constraint idempotency_keys_hash CHECK ((octet_length(hash) = 32))
    constraint idempotency_keys_key CHECK ((octet_length(key) = 32))
    constraint idempotency_keys_pkey PRIMARY KEY (user_id, route, key)
    CREATE TRIGGER idempotency_keys_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.idempotency_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table ledger_accounts with (fillfactor=50)
    id bigint not null identity a
    mode text collate C not null
    owner text collate C not null
    purpose text collate C not null
    currency text collate C not null
    balance bigint not null default 0
    floor bigint
    created_at timestamp with time zone not null
    constraint ledger_accounts_floor CHECK ((balance >= floor))
    constraint ledger_accounts_mode CHECK ((mode = ANY (ARRAY['live'::text, 'sandbox'::text])))
    constraint ledger_accounts_pkey PRIMARY KEY (id)
    constraint ledger_accounts_key UNIQUE (mode, owner, purpose, currency)
    CREATE INDEX ledger_accounts_owner ON public.ledger_accounts USING btree (owner, id)
    CREATE INDEX ledger_accounts_purpose ON public.ledger_accounts USING btree (purpose, id)
    CREATE INDEX ledger_accounts_sandbox ON public.ledger_accounts USING btree (id) WHERE (mode = 'sandbox'::text)
    CREATE TRIGGER ledger_accounts_identity BEFORE UPDATE OF id, mode, owner, purpose, currency, floor, created_at ON public.ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
    CREATE TRIGGER ledger_accounts_kept BEFORE DELETE OR TRUNCATE ON public.ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()

table ledger_seals
    seq bigint not null
    upto bigint not null
    transfers bigint not null
    previous bytea not null
    hash bytea not null
    sealed_at timestamp with time zone not null
    constraint ledger_seals_hash CHECK (((length(hash) = 32) AND (length(previous) = 32)))
    constraint ledger_seals_seq CHECK ((seq > 0))
    constraint ledger_seals_transfers CHECK ((transfers > 0))
    constraint ledger_seals_pkey PRIMARY KEY (seq)
    CREATE TRIGGER ledger_seals_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_seals FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()

table ledger_transfers
    id bigint not null identity a
    reference text collate C not null
    leg smallint not null
    flow text collate C not null
    from_account bigint not null
    to_account bigint not null
    amount bigint not null
    from_balance bigint not null
    to_balance bigint not null
    at timestamp with time zone not null
    constraint ledger_transfers_amount CHECK ((amount > 0))
    constraint ledger_transfers_sides CHECK ((from_account <> to_account))
    constraint ledger_transfers_pkey PRIMARY KEY (id)
    constraint ledger_transfers_reference UNIQUE (reference, leg)
    CREATE INDEX ledger_transfers_from ON public.ledger_transfers USING btree (from_account, id)
    CREATE INDEX ledger_transfers_to ON public.ledger_transfers USING btree (to_account, id)
    CREATE TRIGGER ledger_transfers_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_transfers FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()

table merchant_keys
    id text not null
    merchant_id text not null
    kind text not null
    secret_key text
    secret_box bytea
    hash bytea
    prefix text not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone
    constraint merchant_keys_kind CHECK ((kind = ANY (ARRAY['sign'::text, 'api'::text, 'webhook'::text])))
    constraint merchant_keys_shape CHECK (
CASE kind
    WHEN 'api'::text THEN ((octet_length(hash) = 32) AND (secret_key IS NULL) AND (secret_box IS NULL))
    ELSE ((hash IS NULL) AND (secret_key IS NOT NULL) AND (secret_box IS NOT NULL))
END)
    constraint merchant_keys_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
    constraint merchant_keys_pkey PRIMARY KEY (id)
    CREATE INDEX merchant_keys_merchant ON public.merchant_keys USING btree (merchant_id)
    CREATE INDEX merchant_keys_sealed_with ON public.merchant_keys USING btree (secret_key, id) WHERE (secret_key IS NOT NULL)
    CREATE UNIQUE INDEX merchant_keys_newest ON public.merchant_keys USING btree (merchant_id, kind) WHERE (expires_at IS NULL)

table merchant_limits
    merchant_id text not null
    name text not null
    rate bigint not null
    per_ms bigint not null
    burst bigint not null
    constraint merchant_limits_name CHECK ((name = ANY (ARRAY['status'::text, 'status_payout'::text, 'create'::text, 'reject'::text])))
    constraint merchant_limits_rate CHECK ((rate >= 0))
    constraint merchant_limits_shape CHECK ((((rate = 0) AND (per_ms = 0) AND (burst = 0)) OR ((rate > 0) AND (per_ms > 0) AND (burst > 0))))
    constraint merchant_limits_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
    constraint merchant_limits_pkey PRIMARY KEY (merchant_id, name)

table merchant_methods
    merchant_id text not null
    currency text not null
    method text not null
    enabled boolean not null
    min_minor bigint not null
    max_minor bigint not null
    constraint merchant_methods_currency CHECK ((currency ~ '^[a-z]{3,8}$'::text))
    constraint merchant_methods_method CHECK ((method = ANY (ARRAY['card'::text, 'sbp'::text, 'score'::text, 'iban'::text])))
    constraint merchant_methods_min CHECK ((min_minor > 0))
    constraint merchant_methods_range CHECK ((min_minor <= max_minor))
    constraint merchant_methods_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
    constraint merchant_methods_pkey PRIMARY KEY (merchant_id, currency, method)

table merchant_people
    id text collate C not null
    merchant_id text not null
    email text collate C not null
    password_hash text not null
    in_sandbox boolean not null default false
    disabled_at timestamp with time zone
    created_at timestamp with time zone not null
    constraint merchant_people_email CHECK (((email = lower(email)) AND (email ~~ '%_@_%'::text)))
    constraint merchant_people_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
    constraint merchant_people_pkey PRIMARY KEY (id)
    constraint merchant_people_email_key UNIQUE (email)
    CREATE INDEX merchant_people_merchant ON public.merchant_people USING btree (merchant_id, email)

table merchant_sandboxes
    live_id text not null
    sandbox_id text not null
    created_at timestamp with time zone not null
    constraint merchant_sandboxes_apart CHECK ((live_id <> sandbox_id))
    constraint merchant_sandboxes_live_id_fkey FOREIGN KEY (live_id) REFERENCES merchants(id)
    constraint merchant_sandboxes_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES merchants(id)
    constraint merchant_sandboxes_pkey PRIMARY KEY (live_id)
    constraint merchant_sandboxes_sandbox UNIQUE (sandbox_id)

table merchants
    id text not null
    name text not null
    mode text not null
    disabled_at timestamp with time zone
    fee_bps bigint not null
    fee_fixed bigint not null
    timeout_minutes bigint not null
    require_v2 boolean not null
    mask_requisites boolean not null
    luhn boolean not null
    standart_sign text not null
    created_at timestamp with time zone not null
    constraint merchants_fee_bps CHECK (((fee_bps >= 0) AND (fee_bps <= 10000)))
    constraint merchants_fee_fixed CHECK (((fee_fixed >= 0) AND ((fee_fixed % (100)::bigint) = 0)))
    constraint merchants_mode CHECK ((mode = ANY (ARRAY['live'::text, 'sandbox'::text])))
    constraint merchants_name CHECK ((name ~ '^[a-z0-9_-]{1,64}$'::text))
    constraint merchants_standart_sign CHECK ((standart_sign = ANY (ARRAY['order_id:sign_key'::text, 'merchant:order_id:sign_key'::text, 'order_id:merchant:sign_key'::text])))
    constraint merchants_timeout CHECK (((timeout_minutes >= 1) AND (timeout_minutes <= 10080)))
    constraint merchants_pkey PRIMARY KEY (id)
    constraint merchants_name_key UNIQUE (name)

table operator_tokens
    id text not null
    operator_id text not null
    name text not null
    hash bytea not null
    prefix text not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    revoked_at timestamp with time zone
    constraint operator_tokens_hash CHECK ((octet_length(hash) = 32))
    constraint operator_tokens_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES operators(id)
    constraint operator_tokens_pkey PRIMARY KEY (id)
    constraint operator_tokens_hash_key UNIQUE (hash)
    CREATE INDEX operator_tokens_operator ON public.operator_tokens USING btree (operator_id)

table operators
    id text not null
    email text not null
    role text not null
    password_hash text not null
    disabled_at timestamp with time zone
    created_at timestamp with time zone not null
    constraint operators_email CHECK (((email = lower(email)) AND (email ~~ '%_@_%'::text)))
    constraint operators_role CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'approver'::text, 'admin'::text])))
    constraint operators_pkey PRIMARY KEY (id)
    constraint operators_email_key UNIQUE (email)

table p2p_ads with (fillfactor=60, autovacuum_vacuum_scale_factor=0.02)
    id bigint not null identity d
    user_id bigint not null
    exchange_rate bigint not null
    min_amount bigint not null
    max_amount bigint not null
    remaining_amount bigint not null
    window_minutes bigint not null
    version bigint not null
    author_orders bigint not null
    author_rating bigint not null
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
    deleted_at timestamp with time zone
    is_active boolean not null
    type text collate C not null
    fiat_currency text collate C not null
    payment_methods text[] not null
    instructions text not null
    details_key text collate C
    details_box bytea
    details_masked jsonb
    shelf text collate C not null generated (
CASE
    WHEN (deleted_at IS NOT NULL) THEN 'deleted'::text
    WHEN (NOT is_active) THEN 'inactive'::text
    WHEN (remaining_amount < min_amount) THEN 'exhausted'::text
    ELSE 'listed'::text
END)
    price_rank bigint not null generated (
CASE type
    WHEN 'buy'::text THEN (- exchange_rate)
    ELSE exchange_rate
END)
    constraint p2p_ads_amounts CHECK (((exchange_rate > 0) AND (min_amount > 0) AND (max_amount >= min_amount) AND ((remaining_amount >= 0) AND (remaining_amount <= max_amount))))
    constraint p2p_ads_deleted CHECK (((deleted_at IS NULL) OR (NOT is_active)))
    constraint p2p_ads_details CHECK ((((details_key IS NULL) = (details_box IS NULL)) AND ((details_key IS NULL) = (details_masked IS NULL))))
    constraint p2p_ads_type CHECK ((type = ANY (ARRAY['buy'::text, 'sell'::text])))
    constraint p2p_ads_window CHECK (((window_minutes >= 1) AND (window_minutes <= 1440)))
    constraint p2p_ads_pkey PRIMARY KEY (id)
    CREATE INDEX p2p_ads_market_orders ON public.p2p_ads USING btree (shelf, type, fiat_currency, author_orders DESC, id)
    CREATE INDEX p2p_ads_market_price ON public.p2p_ads USING btree (shelf, type, fiat_currency, price_rank, id)
    CREATE INDEX p2p_ads_market_rating ON public.p2p_ads USING btree (shelf, type, fiat_currency, author_rating DESC, id)
    CREATE INDEX p2p_ads_orders ON public.p2p_ads USING btree (shelf, author_orders DESC, id)
    CREATE INDEX p2p_ads_price ON public.p2p_ads USING btree (shelf, price_rank, id)
    CREATE INDEX p2p_ads_rating ON public.p2p_ads USING btree (shelf, author_rating DESC, id)
    CREATE INDEX p2p_ads_user ON public.p2p_ads USING btree (user_id) WHERE (deleted_at IS NULL)
    CREATE UNIQUE INDEX p2p_ads_active_type ON public.p2p_ads USING btree (user_id, type) WHERE is_active

table p2p_orders with (autovacuum_vacuum_scale_factor=0.05)
    id bigint not null identity d
    ad_id bigint not null
    buyer_id bigint not null
    seller_id bigint not null
    usdt_amount bigint not null
    fiat_amount bigint not null
    exchange_rate bigint not null
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
    pay_by timestamp with time zone not null
    paid_at timestamp with time zone
    dispute_at timestamp with time zone
    disputed_at timestamp with time zone
    lease_until timestamp with time zone
    ended_at timestamp with time zone
    buyer_rating smallint
    seller_rating smallint
    operator_called boolean not null
    buyer_cancels boolean not null
    seller_cancels boolean not null
    ad_type text collate C not null
    status text collate C not null
    fiat_currency text collate C not null
    payment_method text not null
    details_key text collate C
    details_box bytea
    details_masked jsonb
    claimed_by text
    ended_by text
    note text
    constraint p2p_orders_ad_type CHECK ((ad_type = ANY (ARRAY['buy'::text, 'sell'::text])))
    constraint p2p_orders_amounts CHECK (((usdt_amount > 0) AND (fiat_amount > 0) AND (exchange_rate > 0)))
    constraint p2p_orders_buyer_rating CHECK (((buyer_rating >= 1) AND (buyer_rating <= 5)))
    constraint p2p_orders_claim CHECK ((((claimed_by IS NULL) = (lease_until IS NULL)) AND ((claimed_by IS NULL) OR (status = 'disputed'::text))))
    constraint p2p_orders_details CHECK ((((details_key IS NULL) = (details_box IS NULL)) AND ((details_key IS NULL) = (details_masked IS NULL))))
    constraint p2p_orders_disputed CHECK ((((status <> 'disputed'::text) OR (disputed_at IS NOT NULL)) AND ((disputed_at IS NOT NULL) OR (NOT (operator_called OR buyer_cancels OR seller_cancels)))))
    constraint p2p_orders_ended CHECK ((((status = ANY (ARRAY['completed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL))))
    constraint p2p_orders_paid CHECK ((((paid_at IS NULL) = (dispute_at IS NULL)) AND ((status <> 'pending'::text) OR (paid_at IS NULL)) AND ((status <> ALL (ARRAY['paid_by_buyer'::text, 'disputed'::text, 'completed'::text])) OR (paid_at IS NOT NULL))))
    constraint p2p_orders_rated CHECK (((status = 'completed'::text) OR ((buyer_rating IS NULL) AND (seller_rating IS NULL))))
    constraint p2p_orders_seller_rating CHECK (((seller_rating >= 1) AND (seller_rating <= 5)))
    constraint p2p_orders_sides CHECK ((buyer_id <> seller_id))
    constraint p2p_orders_status CHECK ((status = ANY (ARRAY['pending'::text, 'paid_by_buyer'::text, 'disputed'::text, 'completed'::text, 'cancelled'::text])))
    constraint p2p_orders_pkey PRIMARY KEY (id)
    CREATE INDEX p2p_orders_buyer ON public.p2p_orders USING btree (buyer_id, id)
    CREATE INDEX p2p_orders_disputes ON public.p2p_orders USING btree (id) WHERE (status = 'disputed'::text)
    CREATE INDEX p2p_orders_due ON public.p2p_orders USING btree (pay_by, id) WHERE (status = 'pending'::text)
    CREATE INDEX p2p_orders_open ON public.p2p_orders USING btree (ad_id) WHERE (status = ANY (ARRAY['pending'::text, 'paid_by_buyer'::text, 'disputed'::text]))
    CREATE INDEX p2p_orders_overdue ON public.p2p_orders USING btree (dispute_at) WHERE (status = 'paid_by_buyer'::text)
    CREATE INDEX p2p_orders_seller ON public.p2p_orders USING btree (seller_id, id)
    CREATE UNIQUE INDEX p2p_orders_active_deposit ON public.p2p_orders USING btree (buyer_id) WHERE ((ad_type = 'sell'::text) AND (status = ANY (ARRAY['pending'::text, 'paid_by_buyer'::text, 'disputed'::text])))
    CREATE UNIQUE INDEX p2p_orders_active_withdraw ON public.p2p_orders USING btree (seller_id) WHERE ((ad_type = 'buy'::text) AND (status = ANY (ARRAY['pending'::text, 'paid_by_buyer'::text, 'disputed'::text])))

table p2p_traders with (fillfactor=70)
    user_id bigint not null
    completed_orders bigint not null
    rating_sum bigint not null
    rating_count bigint not null
    rating bigint not null generated (
CASE
    WHEN (rating_count = 0) THEN (0)::bigint
    ELSE (((200 * rating_sum) + rating_count) / (2 * rating_count))
END)
    constraint p2p_traders_completed CHECK ((completed_orders >= 0))
    constraint p2p_traders_rating CHECK (((rating_count >= 0) AND ((rating_sum >= rating_count) AND (rating_sum <= (5 * rating_count)))))
    constraint p2p_traders_pkey PRIMARY KEY (user_id)

table payout_approval_rules
    id bigint not null identity a
    currency text not null
    at_or_above bigint
    set_at timestamp with time zone not null
    set_by text not null
    constraint payout_approval_rules_amount CHECK ((at_or_above >= 0))
    constraint payout_approval_rules_currency CHECK ((currency ~ '^[a-z]{3,8}$'::text))
    constraint payout_approval_rules_pkey PRIMARY KEY (id)
    CREATE INDEX payout_approval_rules_latest ON public.payout_approval_rules USING btree (currency, set_at, id)
    CREATE TRIGGER payout_approval_rules_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.payout_approval_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table payout_capacity
    currency text not null
    method text not null
    max_open bigint
    max_open_amount bigint
    updated_at timestamp with time zone not null
    constraint payout_capacity_currency CHECK ((currency ~ '^[a-z]{3,8}$'::text))
    constraint payout_capacity_max_open CHECK ((max_open >= 0))
    constraint payout_capacity_max_open_amount CHECK ((max_open_amount >= 0))
    constraint payout_capacity_method CHECK ((method = ANY (ARRAY['card'::text, 'sbp'::text, 'score'::text, 'iban'::text])))
    constraint payout_capacity_pkey PRIMARY KEY (currency, method)

table payout_events
    id bigint not null identity a
    payout_id text collate C not null
    at timestamp with time zone not null
    kind text not null
    actor text not null
    note text not null
    constraint payout_events_kind CHECK ((kind = ANY (ARRAY['claimed'::text, 'renewed'::text, 'released'::text, 'handed_over'::text, 'received'::text, 'receipt'::text, 'sent'::text, 'pending'::text, 'unknown'::text, 'late_answer'::text, 'awaiting_approval'::text, 'recalled'::text, 'successful'::text, 'rejected_timeout'::text, 'rejected_merchant'::text, 'rejected_gate'::text])))
    constraint payout_events_pkey PRIMARY KEY (payout_id, id)
    CREATE TRIGGER payout_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.payout_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table payout_receipts
    id text collate C not null
    payout_id text collate C not null
    content_type text not null
    content bytea not null
    uploaded_by text not null
    uploaded_at timestamp with time zone not null
    constraint payout_receipts_size CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 5242880)))
    constraint payout_receipts_type CHECK ((content_type = ANY (ARRAY['application/pdf'::text, 'image/png'::text, 'image/jpeg'::text])))
    constraint payout_receipts_pkey PRIMARY KEY (id)
    CREATE INDEX payout_receipts_payout ON public.payout_receipts USING btree (payout_id, id)

table payouts with (autovacuum_vacuum_scale_factor=0.05)
    created_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    ended_at timestamp with time zone
    lease_until timestamp with time zone
    sent_at timestamp with time zone
    look_at timestamp with time zone
    fiat_minor bigint not null
    rate bigint not null
    usdt_minor bigint not null
    fee_minor bigint not null
    id text collate C not null
    merchant_id text collate C not null
    order_id text collate C not null
    mode text not null
    status text not null
    stage text not null
    currency text not null
    method text not null
    last_four text not null
    requisite_key text not null
    requisite_box bytea not null
    fingerprint bytea not null
    bank_name text not null
    bik text not null
    full_name text not null
    customer text not null
    description text not null
    success_url text not null
    error_url text not null
    claimed_by text
    executor text
    late_outcome text
    ended_by text
    reason text
    cheques jsonb
    completed_at timestamp with time zone
    completed_by text
    constraint payouts_amounts CHECK (((fiat_minor > 0) AND (rate > 0) AND (usdt_minor > 0) AND (fee_minor >= 0)))
    constraint payouts_cheques CHECK ((jsonb_typeof(cheques) = 'array'::text))
    constraint payouts_claim CHECK ((((claimed_by IS NULL) = (lease_until IS NULL)) AND ((claimed_by IS NULL) OR (ended_at IS NULL))))
    constraint payouts_completion CHECK ((((completed_by IS NULL) = (completed_at IS NULL)) AND ((stage = 'awaiting_approval'::text) = (completed_by IS NOT NULL)) AND ((completed_by IS NULL) OR (claimed_by IS NULL))))
    constraint payouts_ended CHECK ((((status = 'expectation'::text) = (ended_at IS NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL))))
    constraint payouts_execution CHECK ((((executor IS NULL) = (sent_at IS NULL)) AND ((executor IS NULL) = (look_at IS NULL)) AND ((stage <> 'waiting'::text) OR (executor IS NULL)) AND ((executor IS NOT NULL) OR (stage = ANY (ARRAY['waiting'::text, 'awaiting_approval'::text])))))
    constraint payouts_fingerprint CHECK ((octet_length(fingerprint) = 32))
    constraint payouts_four_eyes CHECK (((completed_by IS NULL) OR (ended_by IS NULL) OR (ended_by <> completed_by)))
    constraint payouts_late CHECK (((late_outcome IS NULL) OR ((late_outcome = ANY (ARRAY['paid'::text, 'refused'::text])) AND (ended_at IS NOT NULL))))
    constraint payouts_method CHECK ((method = ANY (ARRAY['card'::text, 'sbp'::text, 'score'::text, 'iban'::text])))
    constraint payouts_mode CHECK ((mode = ANY (ARRAY['live'::text, 'sandbox'::text])))
    constraint payouts_stage CHECK ((stage = ANY (ARRAY['waiting'::text, 'sent'::text, 'pending'::text, 'unknown'::text, 'awaiting_approval'::text])))
    constraint payouts_status CHECK ((status = ANY (ARRAY['expectation'::text, 'successful'::text, 'rejected_timeout'::text, 'rejected_merchant'::text, 'rejected_gate'::text])))
    constraint payouts_times CHECK (((expires_at > created_at) AND (ended_at >= created_at)))
    constraint payouts_pkey PRIMARY KEY (id)
    CREATE INDEX payouts_awaiting ON public.payouts USING btree (id) WHERE ((status = 'expectation'::text) AND (stage = 'awaiting_approval'::text))
    CREATE INDEX payouts_claimed ON public.payouts USING btree (claimed_by, id) WHERE (claimed_by IS NOT NULL)
    CREATE INDEX payouts_currency ON public.payouts USING btree (currency, id)
    CREATE INDEX payouts_customer ON public.payouts USING btree (customer text_pattern_ops, id) WHERE (customer <> ''::text)
    CREATE INDEX payouts_due ON public.payouts USING btree (expires_at) WHERE (status = 'expectation'::text)
    CREATE INDEX payouts_ended ON public.payouts USING btree (mode, ended_at) INCLUDE (status, created_at) WHERE (ended_at IS NOT NULL)
    CREATE INDEX payouts_last_four ON public.payouts USING btree (last_four, id)
    CREATE INDEX payouts_late_outcome ON public.payouts USING btree (id) WHERE (late_outcome IS NOT NULL)
    CREATE INDEX payouts_look ON public.payouts USING btree (look_at) WHERE ((status = 'expectation'::text) AND (executor IS NOT NULL))
    CREATE INDEX payouts_merchant ON public.payouts USING btree (merchant_id, id) WHERE (id > ''::text)
    CREATE INDEX payouts_merchant_open ON public.payouts USING btree (merchant_id, id) WHERE (status = 'expectation'::text)
    CREATE INDEX payouts_method ON public.payouts USING btree (method, id)
    CREATE INDEX payouts_open ON public.payouts USING btree (mode, currency, method, id) WHERE (status = 'expectation'::text)
    CREATE INDEX payouts_rejected ON public.payouts USING btree (status, id) WHERE (status = ANY (ARRAY['rejected_timeout'::text, 'rejected_merchant'::text, 'rejected_gate'::text]))
    CREATE INDEX payouts_sandbox ON public.payouts USING btree (id) WHERE (mode = 'sandbox'::text)
    CREATE UNIQUE INDEX payouts_order_id ON public.payouts USING btree (order_id, merchant_id)

table rates
    id bigint not null identity a
    currency text not null
    value bigint not null
    source text not null
    max_age_seconds bigint not null
    set_at timestamp with time zone not null
    constraint rates_currency CHECK (((currency ~ '^[a-z]{3,8}$'::text) AND (currency <> 'usdt'::text)))
    constraint rates_max_age CHECK ((max_age_seconds > 0))
    constraint rates_value CHECK ((value > 0))
    constraint rates_pkey PRIMARY KEY (id)
    CREATE INDEX rates_current ON public.rates USING btree (currency, id DESC)
    CREATE TRIGGER rates_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table signin_browsers
    hash bytea not null
    realm text not null
    name text collate C not null
    subject text not null
    expires_at timestamp with time zone not null
    constraint signin_browsers_hash CHECK ((octet_length(hash) = 32))
    constraint signin_browsers_pkey PRIMARY KEY (hash, realm, name)
    CREATE INDEX signin_browsers_expires ON public.signin_browsers USING btree (expires_at)
    CREATE INDEX signin_browsers_subject ON public.signin_browsers USING btree (realm, subject)

table signin_factors
    realm text not null
    subject text not null
    secret_key text not null
    secret_box bytea not null
    confirmed_at timestamp with time zone
    last_step bigint not null
    created_at timestamp with time zone not null
    constraint signin_factors_pkey PRIMARY KEY (realm, subject)

table signin_failures
    realm text not null
    name text collate C not null
    failures integer not null
    locked_until timestamp with time zone
    last_at timestamp with time zone not null
    constraint signin_failures_count CHECK ((failures > 0))
    constraint signin_failures_pkey PRIMARY KEY (realm, name)
    CREATE INDEX signin_failures_last ON public.signin_failures USING btree (last_at)

table signin_sessions
    hash bytea not null
    id text not null
    realm text not null
    subject text not null
    name text not null
    address text not null
    agent text not null
    created_at timestamp with time zone not null
    seen_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    verified_at timestamp with time zone
    counted text not null default ''::text
    constraint signin_sessions_hash CHECK ((octet_length(hash) = 32))
    constraint signin_sessions_pkey PRIMARY KEY (hash)
    constraint signin_sessions_id UNIQUE (id)
    CREATE INDEX signin_sessions_expires ON public.signin_sessions USING btree (expires_at)
    CREATE INDEX signin_sessions_subject ON public.signin_sessions USING btree (realm, subject, created_at)

table user_deposits
    reference text collate C not null
    user_id bigint not null
    amount bigint not null
    at timestamp with time zone not null
    constraint user_deposits_amount CHECK ((amount > 0))
    constraint user_deposits_pkey PRIMARY KEY (reference)
    CREATE TRIGGER user_deposits_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.user_deposits FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()

table user_tokens
    hash bytea not null
    user_id bigint not null
    prefix text not null
    created_at timestamp with time zone not null
    expires_at timestamp with time zone not null
    revoked_at timestamp with time zone
    constraint user_tokens_hash CHECK ((octet_length(hash) = 32))
    constraint user_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
    constraint user_tokens_pkey PRIMARY KEY (hash)
    CREATE INDEX user_tokens_user ON public.user_tokens USING btree (user_id)

table user_withdrawals
    reference text collate C not null
    user_id bigint not null
    kind text not null
    amount bigint not null
    state text not null
    opened_at timestamp with time zone not null
    ended_at timestamp with time zone
    constraint user_withdrawals_amount CHECK ((amount > 0))
    constraint user_withdrawals_ended CHECK (((state = 'open'::text) = (ended_at IS NULL)))
    constraint user_withdrawals_kind CHECK ((kind = ANY (ARRAY['card'::text, 'p2p'::text])))
    constraint user_withdrawals_state CHECK ((state = ANY (ARRAY['open'::text, 'completed'::text, 'cancelled'::text])))
    constraint user_withdrawals_pkey PRIMARY KEY (reference)

table users with (fillfactor=70)
    id bigint not null identity a
    name text not null
    nickname text not null
    blocked_at timestamp with time zone
    signup_bonus boolean not null
    cashback_bonus boolean not null
    deposited bigint not null
    withdrawn bigint not null
    withdrawing bigint not null
    turnover bigint not null
    wagering_required bigint not null
    created_at timestamp with time zone not null
    constraint users_deposited CHECK ((deposited >= 0))
    constraint users_name CHECK (((char_length(name) >= 1) AND (char_length(name) <= 128)))
    constraint users_nickname CHECK (((char_length(nickname) >= 1) AND (char_length(nickname) <= 128)))
    constraint users_turnover CHECK ((turnover >= 0))
    constraint users_wagering_required CHECK ((wagering_required >= 0))
    constraint users_withdrawing CHECK ((withdrawing >= 0))
    constraint users_withdrawn CHECK ((withdrawn >= 0))
    constraint users_pkey PRIMARY KEY (id)
    CREATE INDEX users_name_search ON public.users USING btree (lower(name) text_pattern_ops, id)
    CREATE INDEX users_nickname_lookup ON public.users USING btree (nickname)
    CREATE INDEX users_nickname_search ON public.users USING btree (lower(nickname) text_pattern_ops, id)

table virtual_card_bins
    id uuid not null
    digits text not null
    network text not null
    three_ds boolean not null
    wallet boolean not null
    country text not null
    initial_balance bigint not null
    position integer not null
    constraint virtual_card_bins_digits CHECK ((digits ~ '^[0-9]{6,8}$'::text))
    constraint virtual_card_bins_initial CHECK ((initial_balance >= 0))
    constraint virtual_card_bins_network CHECK ((network = ANY (ARRAY['master'::text, 'visa'::text])))
    constraint virtual_card_bins_pkey PRIMARY KEY (id)

table virtual_card_operations with (fillfactor=70)
    id bigint not null identity d
    transaction_id uuid not null
    fee_transaction_id uuid not null
    card_id uuid not null
    user_id bigint not null
    amount bigint not null
    fee bigint not null
    card_version bigint not null
    card_balance bigint
    lookups bigint not null
    kind text not null
    state text not null
    cause text
    reason text not null
    note text not null
    contradiction text
    unanswered boolean not null
    request_route text collate C
    request_name bytea
    request_mark bytea
    not_after timestamp with time zone not null
    look_at timestamp with time zone not null
    created_at timestamp with time zone not null
    ended_at timestamp with time zone
    resolved_by text
    unheard boolean not null default false
    constraint virtual_card_operations_amount CHECK ((amount >= 0))
    constraint virtual_card_operations_cause CHECK ((cause = ANY (ARRAY['provider'::text, 'not_sent'::text, 'not_begun'::text, 'resolved'::text])))
    constraint virtual_card_operations_declined CHECK (((state = 'declined'::text) = (cause IS NOT NULL)))
    constraint virtual_card_operations_ended CHECK (((state = 'processing'::text) = (ended_at IS NULL)))
    constraint virtual_card_operations_fee CHECK ((fee >= 0))
    constraint virtual_card_operations_kind CHECK ((kind = ANY (ARRAY['create'::text, 'issue'::text, 'topup'::text, 'withdraw'::text, 'freeze'::text, 'unfreeze'::text, 'close'::text])))
    constraint virtual_card_operations_request CHECK ((((request_name IS NULL) = (request_route IS NULL)) AND ((request_name IS NULL) = (request_mark IS NULL))))
    constraint virtual_card_operations_resolved CHECK (((NOT unheard) OR ((resolved_by IS NOT NULL) AND (state <> 'processing'::text))))
    constraint virtual_card_operations_state CHECK ((state = ANY (ARRAY['processing'::text, 'done'::text, 'declined'::text])))
    constraint virtual_card_operations_pkey PRIMARY KEY (id)
    constraint virtual_card_operations_transaction UNIQUE (transaction_id)
    CREATE INDEX virtual_card_operations_card ON public.virtual_card_operations USING btree (card_id, id)
    CREATE INDEX virtual_card_operations_contradicted ON public.virtual_card_operations USING btree (id) WHERE (contradiction IS NOT NULL)
    CREATE INDEX virtual_card_operations_due ON public.virtual_card_operations USING btree (look_at) WHERE ((state = 'processing'::text) OR unheard)
    CREATE INDEX virtual_card_operations_user ON public.virtual_card_operations USING btree (user_id, id)
    CREATE UNIQUE INDEX virtual_card_operations_changing ON public.virtual_card_operations USING btree (card_id) WHERE ((state = 'processing'::text) AND (kind = ANY (ARRAY['create'::text, 'issue'::text, 'freeze'::text, 'unfreeze'::text, 'close'::text])))
    CREATE UNIQUE INDEX virtual_card_operations_repeated ON public.virtual_card_operations USING btree (user_id, request_route, request_name) WHERE ((state <> 'declined'::text) AND (request_name IS NOT NULL))
    CREATE UNIQUE INDEX virtual_card_operations_withdrawing ON public.virtual_card_operations USING btree (card_id) WHERE ((state = 'processing'::text) AND (kind = 'withdraw'::text))

table virtual_card_plans
    id bigint not null
    name text not null
    description text not null
    card_limit bigint not null
    creation_fee bigint not null
    created_at timestamp with time zone not null
    constraint virtual_card_plans_fee CHECK ((creation_fee >= 0))
    constraint virtual_card_plans_limit CHECK ((card_limit > 0))
    constraint virtual_card_plans_pkey PRIMARY KEY (id)

table virtual_cards with (fillfactor=70)
    id uuid not null
    user_id bigint not null
    bin_id uuid not null
    plan_id bigint not null
    balance bigint not null
    deposited bigint not null
    version bigint not null
    name text not null
    status text not null
    provider_card_id text
    last_four text not null
    category text not null
    address jsonb not null
    cooldown_end timestamp with time zone
    created_at timestamp with time zone not null
    updated_at timestamp with time zone not null
    constraint virtual_cards_deposited CHECK ((deposited >= 0))
    constraint virtual_cards_issued CHECK (((status = ANY (ARRAY['processing'::text, 'failed'::text])) = (provider_card_id IS NULL)))
    constraint virtual_cards_name CHECK (((char_length(name) >= 1) AND (char_length(name) <= 255)))
    constraint virtual_cards_status CHECK ((status = ANY (ARRAY['processing'::text, 'active'::text, 'frozen'::text, 'closed'::text, 'failed'::text])))
    constraint virtual_cards_bin_id_fkey FOREIGN KEY (bin_id) REFERENCES virtual_card_bins(id)
    constraint virtual_cards_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES virtual_card_plans(id)
    constraint virtual_cards_pkey PRIMARY KEY (id)
    constraint virtual_cards_provider UNIQUE (provider_card_id)
    CREATE INDEX virtual_cards_last_four ON public.virtual_cards USING btree (last_four)
    CREATE INDEX virtual_cards_newest ON public.virtual_cards USING btree (created_at, id)
    CREATE INDEX virtual_cards_user ON public.virtual_cards USING btree (user_id, created_at, id)

-- Functions

CREATE OR REPLACE FUNCTION public.callback_staged()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    endpoints text;
begin
    select string_agg(distinct endpoint, ' ') into endpoints from staged;
    if endpoints is not null then
        perform pg_notify('callbacks_staged', case when octet_length(endpoints) < 7900 then endpoints else '' end);
    end if;
    return null;
end
$function$

CREATE OR REPLACE FUNCTION public.ledger_expect(held boolean, otherwise text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
    if held is not true then
        raise exception 'ledger: a group was decided on what has changed since, and is decided again'
            using errcode = otherwise;
    end if;
    return true;
end
$function$

CREATE OR REPLACE FUNCTION public.ledger_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    raise exception 'ledger: % on % is refused: the books are append-only, post a correcting entry', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$function$

CREATE OR REPLACE FUNCTION public.payout_needs_approval(of_currency text, amount bigint, since timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
    select exists (
        select from payout_approval_rules r
        where r.currency = of_currency and r.at_or_above <= amount
            and (r.set_at > since or r.id = (
                select f.id from payout_approval_rules f where f.currency = of_currency and f.set_at <= since
                order by f.set_at desc, f.id desc limit 1)))
$function$

CREATE OR REPLACE FUNCTION public.refuse_rebinding()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    raise exception 'a player stays bound to what it was bound to' using errcode = 'insufficient_privilege';
end
$function$

CREATE OR REPLACE FUNCTION public.refuse_rewriting_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    raise exception '% keeps history: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$function$

CREATE OR REPLACE FUNCTION public.withdrawal_refusal(u users, kind text, amount bigint)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    select case
        when u.blocked_at is not null then 'FORBIDDEN'
        when (kind = 'p2p' or u.signup_bonus) and u.deposited < 100000 then 'MIN_DEPOSIT_REQUIRED'
        when u.cashback_bonus and u.turnover < u.wagering_required
            and amount > u.deposited - u.withdrawn - u.withdrawing then 'WAGERING_REQUIREMENT_NOT_MET'
    end
$function$
