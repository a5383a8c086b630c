-- Prepares a restored database. deploy/backup runs it before anybody may connect.

\set ON_ERROR_STOP on

-- Ids issued after the backup are known elsewhere: in links, and in other services. They must not be issued again.
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + 1000000)
FROM pg_sequences WHERE schemaname = 'public' \g /dev/null

-- Mails that were waiting or requested have been sent since. State events may be sent again: receivers compare versions.
DELETE FROM outbox WHERE target = 'smtp' OR type LIKE 'mail%';

-- Rows with read models elsewhere get versions that they never had: with two states of one version, a read model would
-- keep the lost one. Seconds since 2025, so that a later restore has higher versions than an earlier one.
SELECT greatest(0, extract(epoch FROM now() - timestamptz '2025-01-01')::int) AS now_version \gset
SELECT format('UPDATE %s SET version = greatest(version, %s) + 1', owned, :now_version)
FROM unnest(CASE
    WHEN to_regclass('public.accounts') IS NOT NULL THEN ARRAY['accounts']
    WHEN to_regclass('public.profiles') IS NOT NULL THEN ARRAY['profiles', 'follows', 'blocks']
    WHEN to_regclass('public.posts') IS NOT NULL THEN ARRAY['author_stats']
END) AS owned \gexec

-- Access tokens that were revoked since would be valid again until they expire, so all earlier ones are refused.
INSERT INTO token_floors (account_id, not_before) VALUES (0, extract(epoch FROM clock_timestamp())::bigint + 1)
ON CONFLICT (account_id) DO UPDATE SET not_before = excluded.not_before, noted_at = clock_timestamp();

-- auth: refresh tokens and mailed tokens that were spent since would be valid again, and ended sessions would continue.
-- Keys that were revoked since would sign again, and replaced secrets of services would be accepted. auth creates new
-- keys by itself, and `migrate` writes the services' secrets.
SELECT to_regclass('public.sessions') IS NOT NULL AS has_sessions \gset
\if :has_sessions
UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'restored' WHERE ended_at IS NULL;
DELETE FROM one_time_tokens;
UPDATE signing_keys SET state = 'revoked', private_key = '', retired_at = coalesce(retired_at, clock_timestamp());
DELETE FROM service_clients;
\endif
-- API keys that were revoked since would be valid again. A backup of an older release has none.
SELECT to_regclass('public.api_keys') IS NOT NULL AS has_api_keys \gset
\if :has_api_keys
UPDATE api_keys SET revoked_at = clock_timestamp(), revoke_reason = 'restored' WHERE revoked_at IS NULL;
\endif
-- Devices that were forgotten since would be trusted again, and sign-ins that waited would go on. Recovery codes that were
-- used since work again: without them, people who have lost their authenticator could not come in.
SELECT to_regclass('public.trusted_devices') IS NOT NULL AS has_second_factors \gset
\if :has_second_factors
DELETE FROM trusted_devices;
DELETE FROM sign_in_challenges;
DELETE FROM sign_in_codes;
DELETE FROM provider_codes;
DELETE FROM provider_flows;
\endif

ANALYZE;
