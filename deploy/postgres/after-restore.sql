-- What a database has to forget when it comes back from a backup. Run by deploy/backup before anybody may connect to it.

\set ON_ERROR_STOP on

-- Ids that were handed out after the backup are known outside: in links, in other services. None is given out again.
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + 1000000)
FROM pg_sequences WHERE schemaname = 'public' \g /dev/null

-- Mails that waited, or were wanted, then have been sent since. States of subjects may be sent again: receivers know their versions.
DELETE FROM outbox WHERE target = 'smtp' OR type LIKE 'mail%';

-- auth: of refresh tokens and those sent by mail, the ones spent since would be good again; of sign-ins, the ones ended
-- since would go on.
SELECT to_regclass('public.sessions') IS NOT NULL AS has_sessions \gset
\if :has_sessions
UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'restored' WHERE ended_at IS NULL;
DELETE FROM one_time_tokens;
\endif

ANALYZE;
