"""Restore databases while the stack runs.

Each is restored beside the one in use, prepared (deploy/postgres/after-restore.sql), and then renamed to replace it:
requests in between get 503. The former one stays as `posts_before_restore`, until the next restore or until somebody
drops it with the command that is shown at the end. Afterwards every read model is compared with its owner and
repaired, since the databases are now as of different times. Until then accounts that were erased since that backup are
visible again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from deploy.backup.dumps import dump_of
from deploy.backup.places import CommandFailed, Place
from deploy.services import REGISTRY

AFTER: Final = Path(__file__).parents[1] / "postgres" / "after-restore.sql"
# Owners first: users' profiles derive from auth, and posts' authors from users' profiles.
# Deletions before all: restored data of deleted accounts is erased again, in auth too.
ERASING: Final = tuple(name for name, service in REGISTRY.items() if "account" in service.hears)
"""The services with data of accounts."""
OWNERS_FIRST: Final = (
    ("users", ("profiles",)),
    ("posts", ("authors", "follows", "blocks")),  # only with posts
    ("users", ("authored",)),  # only with posts
)
READ_MODELS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    *((name, ("erased",)) for name in ERASING),
    *((name, models) for name, models in OWNERS_FIRST if name in ERASING),
    *((name, ()) for name in ERASING if name not in dict(OWNERS_FIRST)),  # all of them
)
TRIES: Final = 5
PAUSE: Final = 2.0  # seconds; each service notices connection by connection that its connections are gone


def restore(place: Place, folder: Path, services: Sequence[str], say: Callable[[str], None]) -> None:
    """Restore the databases of these services from a backup that `read_backup` has checked.

    Raises:
        CommandFailed: with the program's message. Databases not yet reported as restored are unchanged.
    """
    for service in services:
        began = time.monotonic()
        restore_beside(place, service, dump_of(folder, service))
        take_its_place(place, service)
        place.migrate(service)
        say(f"{service}: restored in {time.monotonic() - began:.1f} s; the former one is {service}_before_restore")
    for service, models in READ_MODELS:
        for line in repair(place, service, models).splitlines():
            say(f"{service} {line}")
    if "auth" in services:
        say(f"auth deletions: {take_up_deletions(place)}")
    for service in services:
        say(f"{service}: once all is well, DROP DATABASE {service}_before_restore: it holds people who were erased")


def take_up_deletions(place: Place) -> str:
    """Delete accounts that another service has erased since the backup, once auth has all of their events."""
    for _ in range(TRIES):
        if not any("account.erased" in place.service(service, "outbox", "status") for service in ERASING):
            break
        time.sleep(PAUSE)
    return place.service("auth", "take-up-deletions")


def restore_beside(place: Place, service: str, dump: Path) -> None:
    """Create `X_restored`, complete and prepared, without connections to it."""
    beside = f"{service}_restored"
    sql(
        place,
        service,
        f"DROP DATABASE IF EXISTS {beside} WITH (FORCE)",
        f"CREATE DATABASE {beside} OWNER {service}_owner TEMPLATE template0",
        f"REVOKE ALL ON DATABASE {beside} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {beside} TO {service}",
    )
    with dump.open("rb") as file:
        place.postgres(service, "pg_restore", f"--dbname={beside}", "--exit-on-error", stdin=file)
    with AFTER.open("rb") as file:
        place.postgres(service, "psql", "--no-psqlrc", "--quiet", f"--dbname={beside}", stdin=file)


def take_its_place(place: Place, service: str) -> None:
    """Exchange the names of the two databases, after closing all connections.

    Stops before it drops the former copy if there is no current database. It may be repeated after an interruption: at
    every moment one of the two names has a complete database.
    """
    before = f"{service}_before_restore"
    sql(
        place,
        service,
        f"ALTER DATABASE {service} OWNER TO {service}_owner",  # a no-op that fails without it
        f"DROP DATABASE IF EXISTS {before} WITH (FORCE)",
        f"ALTER DATABASE {service} ALLOW_CONNECTIONS false",
        # with a wait: a terminated backend exists for another moment
        f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{service}'",  # noqa: S608
        # one command is one transaction
        f"ALTER DATABASE {service} RENAME TO {before}; ALTER DATABASE {service}_restored RENAME TO {service}",
    )


def repair(place: Place, service: str, models: Sequence[str]) -> str:
    """Run `reconcile --repair`, and return a line for each difference."""
    for remaining in reversed(range(TRIES)):
        try:
            return place.service(service, "reconcile", *models, "--repair")
        except CommandFailed:
            if not remaining:
                raise
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


def sql(place: Place, service: str, *statements: str) -> None:
    """Run commands one by one, without transactions, which some of them do not allow."""
    commands = [f"--command={statement}" for statement in statements]
    place.postgres(service, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres", *commands)
