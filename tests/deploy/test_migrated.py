from pathlib import Path

import pytest

from deploy.local import migrated, stack
from deploy.local.migrated import Migrated
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A clone with one migration, whose database is at version 1."""
    for path in ("services/posts/migrations/versions", "services/posts/src", "libs/common/src", ".local/secrets"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "services/posts/migrations/versions/0001.py").write_text("revision = 1")
    (tmp_path / ".local/secrets/svc-posts-secret").write_text("s")
    (tmp_path / "roles.sql").write_text("ALTER ROLE")
    monkeypatch.setattr(migrated, "SCRIPT", tmp_path / "roles.sql")
    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    monkeypatch.setattr(migrated, "schema_version", lambda *_: (tmp_path / "version").read_text())
    (tmp_path / "version").write_text("1")
    return Stack(tmp_path / ".local", stack.Stack.from_environment().ports, None)


def memory(of: Stack) -> Migrated:
    return Migrated(of, Postgres(of.folder / "postgres"))


def test_a_migration_is_skipped_once_it_has_run(here: Stack) -> None:
    assert not memory(here).is_current("posts")
    memory(here).note(["posts"])
    assert memory(here).is_current("posts")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("services/posts/migrations/versions/0002.py", "revision = 2"),
        ("libs/common/src/migrations.py", "changed"),
        (".local/secrets/svc-posts-secret", "rotated"),
        ("version", "0"),
        ("version", ""),
        (".local/migrated.json", "{ half"),
        (".local/migrated.json", "null"),
        (".local/migrated.json", '{"posts": []}'),
        (".local/migrated.json", '{"posts": null}'),
        ("roles.sql", "ALTER ROLE changed"),
    ],
)
def test_it_runs_again_when_anything_it_follows_from_has_changed(here: Stack, path: str, text: str) -> None:
    memory(here).note(["posts"])
    (here.folder.parent / path).write_text(text)
    assert not memory(here).is_current("posts")
    assert memory(here).seems_current("posts") is (path == "version")


def test_a_database_without_a_version_is_never_current(here: Stack) -> None:
    (here.folder.parent / "version").write_text("")
    memory(here).note(["posts"])
    assert not memory(here).is_current("posts")


def test_it_seems_current_without_asking_the_database(here: Stack) -> None:
    assert not memory(here).seems_current("posts")
    memory(here).note(["posts"])
    (here.folder.parent / "version").unlink()
    assert memory(here).seems_current("posts")
