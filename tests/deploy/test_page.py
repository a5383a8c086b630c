"""The web client's files, without a browser: how they are served, and forbidden content."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from auth.services.audit import Action
from deploy.gateway.site import DOCUMENT, PAGE
from tests.deploy.test_site import gateway

FILES: Final = sorted(path.relative_to(PAGE) for path in PAGE.rglob("*") if path.is_file())
SCRIPTS: Final = [path for path in FILES if path.suffix == ".js"]
OURS: Final = [path for path in SCRIPTS if path.parts[0] != "vendor"]
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
IMPORT: Final = re.compile(r'(?:from|^import) ?"([^"]+)"', re.MULTILINE)
# an address of the API in a script, up to its query; `${…}` stands for an id
CALL: Final = re.compile(r'["`](/(?:auth|users|posts)/?[^"`?\s]*)["`]')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with gateway(tmp_path_factory.mktemp("site"), PROFILE="production", DOCS="") as client:
        yield client


def address(path: Path) -> str:
    return "/" if path.name == "index.html" else f"/page/{path.as_posix()}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_each_file_is_served_with_its_type_and_asked_for_again_cheaply(site: httpx.Client, path: Path) -> None:
    answer = site.get(address(path))
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[path.suffix])
    assert answer.content == (PAGE / path).read_bytes()
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-cache", "nosniff")
    assert site.get(address(path), headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_only_the_page_s_own_scripts_may_run(site: httpx.Client) -> None:
    """S-42."""
    answer = site.get("/", headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' https: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "accept" in answer.headers["vary"].lower()


def test_programs_are_told_where_the_api_is_described(site: httpx.Client, tmp_path: Path) -> None:
    asking = {"Accept": "application/json"}
    assert site.get("/", headers=asking).json() == {"name": "Trivium"}  # production shows no docs
    with gateway(tmp_path, PROFILE="local", DOCS="", PAGE="off") as elsewhere:
        assert elsewhere.get("/", headers=asking).json()["docs"] == "/docs"
        assert elsewhere.get("/").json()["docs"] == "/docs"
        assert elsewhere.get("/page/app.js").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/%23verify-email=T",
        "/%2523password-reset%253DT",
        "/%23email-change%3dT?utm_source=mail",
        "/verify-email=T",
        "/%23/",
    ],
)
def test_links_that_a_program_on_the_way_has_rewritten_lead_to_the_page(site: httpx.Client, path: str) -> None:
    """It takes the token from there. Then the link's fragment is in the path."""
    answer = site.get(path)
    assert (answer.status_code, answer.content) == (200, (PAGE / "index.html").read_bytes())
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"] == site.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/verify-email", "/verify-emails=T", "/a/%23verify-email=T", "/23verify-email=T"])
def test_other_paths_stay_unknown(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_without_the_page_rewritten_links_are_unknown_too(tmp_path: Path) -> None:
    with gateway(tmp_path, PROFILE="local", DOCS="", PAGE="off") as elsewhere:
        assert elsewhere.get("/%23verify-email=T").status_code == 404


def test_every_module_is_there_and_loaded_in_one_go() -> None:
    """Without the hints a browser discovers each module only after the one that imports it."""
    for script in SCRIPTS:
        for name in IMPORT.findall((PAGE / script).read_text()):
            assert (PAGE / script).parent.joinpath(name).is_file(), f"{script} imports {name}"
    page = (PAGE / "index.html").read_text()
    assert "//" not in page
    named = {Path(name) for name in re.findall(r'(?:src|href)="/page/([^"]+\.js)"', page)}
    assert set(SCRIPTS) - named == {Path("markdown.js"), Path("vendor/markdown-it.js")}  # loaded when a text needs them
    assert named <= set(SCRIPTS)


def test_no_text_becomes_markup() -> None:
    """S-39: beside the policy, which browsers without trusted types do not fully enforce."""
    for script in OURS:
        text = (PAGE / script).read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "style="):
            assert word not in text, f"{script}: {word}"


def test_only_the_public_api_is_called() -> None:
    paths = {re.sub(r"{\w+}", "{}", path) for path in json.loads(DOCUMENT.read_text())["paths"]}
    called = {
        re.sub(r"\$\{[^}]*\}", "{}", path) for script in OURS for path in CALL.findall((PAGE / script).read_text())
    }
    places = {path for path in called if ":" in path} | {"/posts/{}/edit"}  # of the page itself, behind the #
    assert called - places - {"/users/{}/{}"} <= paths  # followers or following
    assert len(called & paths) > 20


def test_admins_can_filter_the_audit_trail_by_each_action() -> None:
    listed = re.search(r"ACTIONS = \[(.+?)\]", (PAGE / "views" / "admin-audit.js").read_text(), re.DOTALL)
    assert listed
    assert re.findall(r'"([a-z-]+)"', listed[1]) == sorted(Action)


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] != "vendor"], ids=str)
def test_files_stay_small(path: Path) -> None:
    assert len((PAGE / path).read_text().splitlines()) <= 250
