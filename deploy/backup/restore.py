"""Put databases back as they were, while the stack runs.

Each is restored beside the one in use, made fit for use (deploy/postgres/after-restore.sql), and takes its name in a
moment: requests in between get 503. The former one stays as `posts_before_restore`, until the next restore or until
somebody drops it, with the command that is shown in the end. Afterwards every read model is compared with its owner
and repaired, since the databases are now as of different times. Until then whoever was erased since that backup is
visible again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from deploy.backup.dumps import dump_of
from deploy.backup.places import CommandFailed, Place

AFTER: Final = Path(__file__).parents[1] / "postgres" / "after-restore.sql"
# The owners' read models first: users' profiles follow from auth, posts' authors from users' profiles.
# But first, who was deleted: whatever is restored of them is forgotten again, in auth too.
READ_MODELS: Final = (
    ("users", ("erased",)),
    ("posts", ("erased",)),
    ("users", ("profiles",)),
    ("posts", ("authors", "follows", "blocks")),
    ("users", ("authored",)),
)
TRIES: Final = 5
PAUSE: Final = 2.0  # seconds; services find out, a connection at a time, that theirs are gone


def restore(place: Place, folder: Path, services: Sequence[str], say: Callable[[str], None]) -> None:
    """Restore the databases of these services from a backup that `read_backup` has found whole.

    Raises:
        CommandFailed: with what a program said. Databases not yet reported as restored are as they were.
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
    """Have those deleted whom another service has erased since, once auth has heard of them all."""
    for _ in range(TRIES):
        if not any("account.erased" in place.service(service, "outbox", "status") for service in ("users", "posts")):
            break
        time.sleep(PAUSE)
    return place.service("auth", "take-up-deletions")


def restore_beside(place: Place, service: str, dump: Path) -> None:
    """Make `X_restored`, whole and fit for use, with nobody connected to it."""
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
    """Exchange the names. Nobody may come in between, and who is there has to leave.

    Ended half-way it may be done again: at every moment one of the two names is a whole database's.
    """
    before = f"{service}_before_restore"
    sql(
        place,
        service,
        f"ALTER DATABASE {service} OWNER TO {service}_owner",  # as it is; where there is none, the next would lose all
        f"DROP DATABASE IF EXISTS {before} WITH (FORCE)",
        f"ALTER DATABASE {service} ALLOW_CONNECTIONS false",
        # with a wait: a backend that was told to end is still there for a moment
        f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{service}'",  # noqa: S608
        # one command is one transaction
        f"ALTER DATABASE {service} RENAME TO {before}; ALTER DATABASE {service}_restored RENAME TO {service}",
    )


def repair(place: Place, service: str, models: Sequence[str]) -> str:
    """What `reconcile` found and mended, a line for each."""
    for remaining in reversed(range(TRIES)):
        try:
            return place.service(service, "reconcile", *models, "--repair")
        except CommandFailed:
            if not remaining:
                raise
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


def sql(place: Place, service: str, *statements: str) -> None:
    """Run commands one by one, outside of transactions, which some of these do not allow."""
    commands = [f"--command={statement}" for statement in statements]
    place.postgres(service, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres", *commands)
