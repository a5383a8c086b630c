-- One service's database and its two roles. May be run again at any time: it brings passwords and limits up to date.
--
-- psql variables: service (auth, users or posts), owner_password, password. Set them with \set on the standard input,
-- before \i of this file, rather than with -v: a command line can be read by every user of the machine.
--
--   X_owner  owns database X and its schema public, and migrates it
--   X        reads and writes rows; makes no tables. Nobody else may even connect.

\set ON_ERROR_STOP on
\set owner :service _owner

SELECT format('CREATE ROLE %I LOGIN', wanted) FROM unnest(ARRAY[:'owner', :'service']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

ALTER ROLE :"owner" PASSWORD :'owner_password';
ALTER ROLE :"service" PASSWORD :'password';

-- A request that waits longer has lost its client; a migration may take its time, but not the tables from others.
ALTER ROLE :"service" SET statement_timeout = '5s';
ALTER ROLE :"service" SET lock_timeout = '2s';
ALTER ROLE :"service" SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE :"owner" SET lock_timeout = '2s';

-- Statements here are short: compiling one, which a wrong estimate can bring about, costs more than it runs.
ALTER ROLE :"service" SET jit = off;

-- What an index finds among millions of rows is noted row by row up to this size, and beyond it page by page, all of
-- whose rows must then be read: the slowest searches take a fifth of the time. Few of them run at once.
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
