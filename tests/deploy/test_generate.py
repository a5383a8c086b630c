"""Generated files: a further service is added and removed without a trace, and what others wrote stays."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from common import services
from deploy.generate import compose, gateway
from deploy.generate.documents import Default, ensure, flow, mentions, parse, prune, render
from deploy.generate.files import change, completed, wanted
from deploy.local.binaries import caddy
from deploy.services import REGISTRY, ROOT, Service

ARRIVAL: Final = Service(name="arrival", port=8008, paths=("/arrival",), calls=("auth",), hears=("account", "profile"))
FRONT: Final = Service(name="front", port=8009, paths=("/front",), calls=("auth", "users"), database=False, off=True)
ALONE: Final = Service(name="alone", port=8005, paths=("/alone",), database=False)
"""It calls nobody, and nobody calls it."""
NEW: Final = {"arrival": ARRIVAL, "front": FRONT, "alone": ALONE}
MORE: Final = {**REGISTRY, **NEW}
NETWORK: Final = ROOT / "deploy/kubernetes/base/network.yaml"
COMPOSE: Final = ROOT / "docker-compose.yml"


@cache
def with_more() -> dict[Path, str]:
    return wanted(dict(MORE))


FILES: Final = [str(path.relative_to(ROOT)) for path in completed(dict(REGISTRY))]


@pytest.mark.parametrize("name", FILES)
def test_a_service_that_goes_leaves_each_file_as_it_was(name: str) -> None:
    documents = parse(with_more()[ROOT / name])
    for document in documents:
        prune(document, mentions([*NEW]))
    prune(documents, mentions([*NEW]))
    assert render(documents) == (ROOT / name).read_text()


def test_generating_again_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    once = with_more()[COMPOSE]
    (tmp_path / "docker-compose.yml").write_text(once)
    again = change(tmp_path / "docker-compose.yml", dict(MORE), lambda found: compose.complete(found[0], dict(MORE)))
    assert again == once


def test_a_service_that_is_no_longer_registered_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(with_more()[COMPOSE])
    monkeypatch.setattr(services, "SERVICES", tuple(MORE))
    known = dict(REGISTRY)
    text = change(tmp_path / "docker-compose.yml", known, lambda found: compose.complete(found[0], known))
    assert text == COMPOSE.read_text()


def test_containers_of_a_new_service_are_as_those_of_the_others() -> None:
    """Only names differ; a stateless one has neither migration nor database, and is off by default."""
    blocks: dict[str, Any] = yaml.safe_load(with_more()[COMPOSE])["services"]
    assert blocks["users"]["volumes"].pop() == "pictures:/pictures"
    blocks["users"]["deploy"] = blocks["auth"]["deploy"]  # pictures need more memory
    for kind in ("", "-migrate", "-db"):
        for name in ("ARRIVAL_URL", "USERS_URL"):  # they have the addresses of all
            blocks[f"arrival{kind}"]["environment"].pop(name, None)
            blocks[f"users{kind}"]["environment"].pop(name, None)
        as_users = yaml.safe_dump(blocks[f"arrival{kind}"]).replace("arrival", "users")
        assert yaml.safe_load(as_users) == blocks[f"users{kind}"]
    assert blocks["front"]["profiles"] == ["front"]
    assert "CLIENT_SECRET_FILE" not in blocks["front"]["environment"]
    assert not {"front-migrate", "front-db"} & blocks.keys()
    assert blocks["auth-migrate"]["environment"]["SVC_ARRIVAL_SECRET_FILE"] == "/run/secrets/svc-arrival-secret"


def test_each_service_may_reach_those_that_it_calls_or_tells_and_no_others() -> None:
    policies = yaml.safe_load_all(with_more()[NETWORK])
    to = {one["metadata"]["name"]: set(reached(one)) for one in policies if one["metadata"]["name"] in MORE}
    assert to["arrival"] == {"auth"}
    assert to["users"] >= {"auth", "arrival"}, "it hears of profiles"
    assert to["posts"] == {"auth", "users"}  # only with posts
    assert "front" not in to, "which overlays leave out"


def test_a_service_that_calls_nobody_and_that_nobody_calls_has_no_empty_rule() -> None:
    """The API server refuses an empty list of values."""
    policies = {one["metadata"]["name"]: one for one in yaml.safe_load_all(with_more()[NETWORK])}
    assert policies["alone"]["spec"]["ingress"] == policies["alone"]["spec"]["egress"] == []
    assert "values: []" not in with_more()[NETWORK]


def reached(policy: dict[str, Any]) -> Iterator[str]:
    for one in policy["spec"]["egress"]:
        for peer in one["to"]:
            for expression in peer["podSelector"]["matchExpressions"]:
                if expression["key"] == "app.kubernetes.io/name":
                    yield from expression["values"]


def test_what_others_wrote_stays() -> None:
    """Comments, own entries, changed images, and the order."""
    (document,) = parse("# ours\nimages:\n  - {name: a, newTag: mine} # pinned\nmore: 1 # own\n")
    ensure(document, {"images": [Default(flow(name="a", newTag="theirs")), Default(flow(name="b", newTag="theirs"))]})
    assert render([document]) == (
        "# ours\nimages:\n  - {name: a, newTag: mine} # pinned\n  - {name: b, newTag: theirs}\nmore: 1 # own\n"
    )


def test_a_comment_before_the_next_entry_stays_there() -> None:
    (document,) = parse("urls:\n  A_URL: a\n  # about the next one\n  NEXT: 1\n")
    ensure(document["urls"], {"A_URL": "a", "B_URL": "b"})
    text = "urls:\n  A_URL: a\n  B_URL: b\n  # about the next one\n  NEXT: 1\n"
    assert render([document]) == text


def test_the_gateway_takes_the_paths_of_services_that_are_on(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "Caddyfile").write_text((ROOT / "deploy/gateway/Caddyfile").read_text())
    (folder / gateway.PLACE.name).write_text(gateway.paths(dict(MORE)))
    command = [str(caddy()), "adapt", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"/arrival","/arrival/*"' in done.stdout
    assert '"expression":{"expr":"\\"\\" != \\"\\"","name":"front"}' in done.stdout, "off: no request matches"
