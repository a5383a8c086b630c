-- What a database has to forget when it comes back from a backup. Run by deploy/backup before anybody may connect to it.

\set ON_ERROR_STOP on

-- Ids that were handed out after the backup are known outside: in links, in other services. None is given out again.
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + 1000000)
FROM pg_sequences WHERE schemaname = 'public' \g /dev/null

-- Mails that waited, or were wanted, then have been sent since. States of subjects may be sent again: receivers know their versions.
DELETE FROM outbox WHERE target = 'smtp' OR type LIKE 'mail%';

-- What others keep copies of gets versions that it has never had: of two states with one version, the copy would keep
-- the one that is lost. Seconds since 2025, so that a later restore is above an earlier one.
SELECT greatest(0, extract(epoch FROM now() - timestamptz '2025-01-01')::int) AS now_version \gset
SELECT format('UPDATE %s SET version = greatest(version, %s) + 1', owned, :now_version)
FROM unnest(CASE
    WHEN to_regclass('public.accounts') IS NOT NULL THEN ARRAY['accounts']
    WHEN to_regclass('public.profiles') IS NOT NULL THEN ARRAY['profiles', 'follows', 'blocks']
    WHEN to_regclass('public.posts') IS NOT NULL THEN ARRAY['author_stats']
END) AS owned \gexec

-- Access tokens that were revoked since would be good again until they expire: all those from before are refused.
INSERT INTO token_floors (account_id, not_before) VALUES (0, extract(epoch FROM clock_timestamp())::bigint + 1)
ON CONFLICT (account_id) DO UPDATE SET not_before = excluded.not_before, noted_at = clock_timestamp();

-- auth: of refresh tokens and those sent by mail, the ones spent since would be good again; of sign-ins, the ones ended
-- since would go on; keys that were revoked since would sign again, and services' secrets that were replaced be taken.
-- It makes new keys by itself, and `migrate` writes the services' secrets.
SELECT to_regclass('public.sessions') IS NOT NULL AS has_sessions \gset
\if :has_sessions
UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'restored' WHERE ended_at IS NULL;
DELETE FROM one_time_tokens;
UPDATE signing_keys SET state = 'revoked', private_key = '', retired_at = coalesce(retired_at, clock_timestamp());
DELETE FROM service_clients;
\endif

ANALYZE;
