-- One service's database and its two roles. It may run again at any time, and updates passwords and limits.
--
-- psql variables: service (its name, as posts), owner_password, password. Set them with \set on standard input, before
-- \i of this file, not with -v: every user of the machine can read command lines.
--
--   X_owner  owns database X and its schema public, and migrates it
--   X        reads and writes rows; cannot create tables. Nobody else may connect.

\set ON_ERROR_STOP on
\set owner :service _owner

SELECT format('CREATE ROLE %I LOGIN', wanted) FROM unnest(ARRAY[:'owner', :'service']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

ALTER ROLE :"owner" PASSWORD :'owner_password';
ALTER ROLE :"service" PASSWORD :'password';

-- The client of a longer request has given up. A migration may run long, but must not hold locks that others wait for.
ALTER ROLE :"service" SET statement_timeout = '5s';
ALTER ROLE :"service" SET lock_timeout = '2s';
ALTER ROLE :"service" SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE :"owner" SET lock_timeout = '2s';

-- A statement whose client is gone ends. A pooler has opened another connection by then: its own limit does not count
-- the old one, and half of all requests to cancel a statement reach the wrong one of two poolers.
ALTER ROLE :"service" SET client_connection_check_interval = '1s';

-- JIT compilation, which a wrong estimate can trigger, costs more than our short statements take.
ALTER ROLE :"service" SET jit = off;

-- A bitmap of an index scan is exact up to this size. Beyond it, it has only pages, and all their rows must be read. With
-- this size, the slowest searches take a fifth of the time. Few of them run at once.
ALTER ROLE :"service" SET work_mem = '16MB';

SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec

REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;

\connect :"service"

ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE ON SEQUENCES TO :"service";
