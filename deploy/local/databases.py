"""Creates or updates the server's roles and databases by deploy/postgres/service-database.sql."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.local.postgres import Postgres
from deploy.local.postgres_home import PostgresError

SCRIPT = Path(__file__).parents[1] / "postgres" / "service-database.sql"


def ensure_database(server: Postgres, service: str, *, owner_password: str, password: str) -> None:
    """Create or update one service's database and its two roles.

    Raises:
        PostgresError: with psql's first message.
    """
    variables = {"service": service, "owner_password": owner_password, "password": password}
    script = "".join(f"\\set {name} '{value}'\n" for name, value in variables.items())
    done = _psql(server, "--dbname=postgres", "--file=-", f"--file={SCRIPT}", script=script)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["psql failed"])[0]
        raise PostgresError(f"database {service}: {reason} (if its password is lost: `make reset`)")


def drop_database(server: Postgres, service: str) -> None:
    """Delete a service's database and its roles. Raises PostgresError."""
    script = f'DROP DATABASE IF EXISTS "{service}" WITH (FORCE);\nDROP ROLE IF EXISTS "{service}", "{service}_owner";\n'
    done = _psql(server, "--dbname=postgres", "--set=ON_ERROR_STOP=1", "--file=-", script=script)
    if done.returncode != 0:
        raise PostgresError(f"database {service}: {done.stderr.strip().splitlines()[0]}")


def schema_version(server: Postgres, service: str) -> str:
    """Read the revision of a service's database; empty if no migration has run."""
    asked = "--command=SELECT version_num FROM alembic_version"
    return _psql(server, f"--dbname={service}", "--tuples-only", "--no-align", asked).stdout.strip()


def _psql(server: Postgres, *arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    """Run psql as superuser. Passwords pass through standard input and the environment: command lines are public."""
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    login = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres", "PGPASSWORD": server.password}
    return subprocess.run(
        [server.bin / "psql", "--no-psqlrc", "--quiet", *arguments],
        input=script,
        capture_output=True,
        text=True,
        env={**elsewhere, **login},
        check=False,
    )
