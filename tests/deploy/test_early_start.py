"""The order in which a stack starts, after its databases were migrated or not. No process runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local import runner
from deploy.local.runner import Runner
from deploy.local.stack import POSTGRES, Stack

MIGRATED = ["postgres", "auth", "page", "postgres is ready", "roles"]
Note = Callable[[str], None]


class Program:
    """Stands in for a process."""

    def __init__(self, name: str, *_: object) -> None:
        self.name = name

    def start_now(self) -> None: ...


class Server:
    """Stands in for PostgreSQL."""

    port = 5432
    launch = None
    note: Note

    def __init__(self, *_: object, **__: object) -> None: ...

    def await_ready(self) -> None:
        self.note("postgres is ready")


class Migrations:
    """What is known of them, and whether the databases agree."""

    def __init__(self, known: bool, current: bool) -> None:
        self.known, self.current = known, current

    def seems_current(self, _service: str) -> bool:
        return self.known

    def is_current(self, _service: str) -> bool:
        return self.current


class Starting(Runner):
    """Notes what it would do."""

    note: Note

    def _watch(self, name: str, start: Any) -> Any:
        self.note(name)
        return super()._watch(name, start)

    def _round(self) -> None: ...

    def _await_ready(self) -> None: ...

    def _migrate(self, _postgres: Any, services: Any) -> None:
        if services:
            self.note("migrations")

    def _end(self, programs: Any) -> None:
        assert [program.name for program in programs] == ["auth"]
        self.note("auth ends")


@pytest.mark.parametrize(
    ("known", "current", "order"),
    [
        (True, True, [*MIGRATED, "posts"]),
        (False, False, ["postgres", "page", "postgres is ready", "roles", "migrations", "auth", "posts"]),
        (True, False, [*MIGRATED, "auth ends", "migrations", "auth", "posts"]),
    ],
)
def test_auth_starts_beside_postgres_only_if_nothing_is_to_be_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool, current: bool, order: list[str]
) -> None:
    seen: list[str] = []

    def note(what: str) -> None:
        if seen[-1:] != [what]:
            seen.append(what)

    for name in ("require_free", "ensure_secrets"):
        monkeypatch.setattr(runner, name, lambda *_: None)
    monkeypatch.setattr(runner, "build_site", lambda *_: note("page"))
    monkeypatch.setattr(runner, "ensure_database", lambda *_, **__: note("roles"))
    monkeypatch.setattr(runner, "Postgres", Server)
    monkeypatch.setattr(runner, "Supervised", Program)
    monkeypatch.setattr(runner, "Migrated", lambda *_: Migrations(known, current))
    monkeypatch.setattr(Stack, "secret", lambda *_: "s" * 32)
    monkeypatch.setattr(Stack, "programs", lambda *_: {"auth": ([], {}), "posts": ([], {})})
    for noting in (Server, Starting):
        monkeypatch.setattr(noting, "note", staticmethod(note), raising=False)

    starting = Starting(Stack(tmp_path, Stack.from_environment().ports, None), background=True)
    starting._start()
    assert seen == order
    assert [program.name for program in starting._programs] == [POSTGRES, "auth", "posts"]
