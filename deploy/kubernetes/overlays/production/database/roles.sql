-- CloudNativePG runs this once in each new database, as superuser. It does the same as
-- deploy/postgres/service-database.sql, for an existing database, whose name is its service's and determines the roles'
-- names. The passwords come from Secrets.
DO $$
DECLARE
    service name := current_database();
    owner name := current_database() || '_owner';
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', service);
    END IF;
    EXECUTE format('ALTER ROLE %I SET statement_timeout = ''5s''', service);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''2s''', service);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''10s''', service);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''2s''', owner);
    EXECUTE format('ALTER ROLE %I SET client_connection_check_interval = ''1s''', service);
    EXECUTE format('ALTER ROLE %I SET jit = off', service);
    EXECUTE format('ALTER ROLE %I SET work_mem = ''16MB''', service);
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', service);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', service, service);
    EXECUTE format('ALTER SCHEMA public OWNER TO %I', owner);
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', service);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public '
                   'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', owner, service);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I',
                   owner, service);
END $$;
