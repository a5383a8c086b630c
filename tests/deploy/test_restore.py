"""The exchange of names at the end of a restore, on a real server. tests/system/test_backup.py tests whole restores."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.backup.places import CommandFailed, LocalPlace
from deploy.backup.restore import READ_MODELS, sql, take_its_place
from deploy.local.databases import ensure_database
from deploy.local.postgres import Postgres
from deploy.local.stack import ROOT, Stack


@pytest.fixture(scope="module")
def server(shared_open_folder: Path) -> Iterator[Postgres]:
    made = Postgres(shared_open_folder / "postgres", fsync=False)
    with made:
        ensure_database(made, "posts", owner_password="o" * 32, password="p" * 32)
        yield made


@pytest.fixture
def place(server: Postgres) -> Iterator[LocalPlace]:
    """A server whose databases of posts are only those of the test."""
    place = LocalPlace(replace(Stack.from_environment(), folder=server.home.parent), server.port)
    yield place
    drop(place, *databases(place))


def databases(place: LocalPlace) -> dict[str, str]:
    """Each database's original name, by its current name."""
    question = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname ~ '^posts'"
    ask = ("psql", "--dbname=postgres", "--tuples-only", "--no-align", f"--command={question}")
    return dict(line.split("|") for line in place.postgres("posts", *ask).splitlines())


def make(place: LocalPlace, *names: str) -> None:
    for name in names:
        sql(place, "posts", f"CREATE DATABASE {name}", f"COMMENT ON DATABASE {name} IS '{name}'")


def drop(place: LocalPlace, *names: str) -> None:
    sql(place, "posts", *(f"DROP DATABASE IF EXISTS {name}" for name in names))


def test_the_restored_one_takes_the_name_and_the_former_one_stays(place: LocalPlace) -> None:
    drop(place, "posts")
    make(place, "posts", "posts_restored", "posts_before_restore")
    take_its_place(place, "posts")
    assert databases(place) == {"posts": "posts_restored", "posts_before_restore": "posts"}


def test_an_exchange_that_ends_half_way_changes_no_name(place: LocalPlace) -> None:
    drop(place, "posts")
    make(place, "posts")
    with pytest.raises(CommandFailed, match="posts_restored"):
        take_its_place(place, "posts")
    assert databases(place) == {"posts": "posts"}


def test_the_former_one_is_kept_where_it_is_the_only_one(place: LocalPlace) -> None:
    drop(place, "posts")
    make(place, "posts_restored", "posts_before_restore")
    with pytest.raises(CommandFailed, match="does not exist"):
        take_its_place(place, "posts")
    assert "posts_before_restore" in databases(place)


# begin: only with posts
def test_the_steps_on_kubernetes_compare_the_read_models_that_a_restore_does() -> None:
    """Of the services that the page names; others may have been added."""
    page = (ROOT / "docs" / "operations" / "backup.md").read_text()
    said = re.findall(r"^run (\w+) reconcile (.+) --repair$", page, re.MULTILINE)
    named = {service for service, _ in said}
    assert len(named) > 1
    wanted = [(service, models) for service, models in READ_MODELS if service in named]
    assert [(service, tuple(models.split())) for service, models in said] == wanted


# end: only with posts
