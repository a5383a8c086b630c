"""The web client's files, without a browser: how they are served, and forbidden content (S-68 among it)."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import httpx
import pytest

from auth.services.audit import Action
from common.pictures.pictures import MOST_BYTES
from deploy.gateway.bundle import IMPORT, Reader, hashed, listed
from deploy.gateway.site import DOCUMENT, PAGE, build, routes
from deploy.generate.service import PATHS
from deploy.local.stack import CADDYFILE
from deploy.services import REGISTRY
from tests.deploy.test_site import gateway

FILES: Final = sorted(path.relative_to(PAGE) for path in PAGE.rglob("*") if path.is_file())
OURS: Final = [path for path in FILES if path.suffix == ".js" and path.parts[0] != "vendor"]
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# what a file of the built page names: in index.html and the stylesheet by its path, in a module beside itself
NAMED: Final = re.compile(r'(?:/page/|"\./)([\w.-]+-[0-9a-f]{12}\.\w+)')
# an address of the API in a script, up to its query; `${…}` stands for an id
CALL: Final = re.compile(rf'["`](/(?:{"|".join(REGISTRY)})/?[^"`?\s]*)["`]')


FOR_A_BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[httpx.Client]:
    with gateway(folder, PROFILE="production", DOCS="") as client:
        yield client


def content_of(path: Path) -> bytes:
    packed = path.with_name(f"{path.name}.gz")
    assert gzip.decompress(packed.read_bytes()) == path.read_bytes()
    return path.read_bytes()


def named_from(page: Path, name: str, seen: set[str]) -> set[str]:
    """The files that a file of the page names, and those that these name."""
    if name not in seen:
        seen.add(name)
        for other in NAMED.findall((page / name).read_text()):
            named_from(page, other, seen)
    return seen


def test_files_are_kept_for_a_year_under_the_hash_of_their_content(site: httpx.Client, folder: Path) -> None:
    page = folder / "site/page"
    names = sorted(path.name for path in page.glob("*-*") if path.suffix != ".gz")
    assert {re.sub(r"-[0-9a-f]{12}", "", name) for name in names} >= {"app.js", "base.js", "icon.svg", "style.css"}
    for name in names:
        content = content_of(page / name)
        assert hashed(re.sub(r"-[0-9a-f]{12}", "", name), content) == name
        answer = site.get(f"/page/{name}", headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == TYPES[Path(name).suffix]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert site.get(f"/page/{name}", headers={"Accept-Encoding": "identity"}).content == content


@pytest.mark.parametrize("path", ["/", "/page/vendor/LICENSES.txt"])
def test_files_without_a_hash_are_asked_for_again_cheaply(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert site.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/page/app.js", "/page/app-0123456789ab.js", "/page/base.css"])
def test_there_are_no_other_files(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    page = site.get(path, headers=FOR_A_BROWSER)
    assert (page.status_code, page.headers["cache-control"]) == (404, "no-cache")


@pytest.mark.usefixtures("site")
def test_each_file_is_named_and_each_name_is_a_file(folder: Path) -> None:
    page = folder / "site/page"
    files = {path.name for path in page.iterdir() if re.search(r"-[0-9a-f]{12}\.\w+$", path.name)}
    assert named_from(page, "index.html", set()) - {"index.html"} == files
    assert "//" not in (page / "index.html").read_text()


@pytest.mark.usefixtures("site")
def test_the_first_view_takes_few_and_small_files(folder: Path) -> None:
    """Over 400 kbit/s and 400 ms round trip each file is 0.4 s, and 20 kB are as much."""
    page = folder / "site/page"
    named = NAMED.findall((page / "index.html").read_text())
    assert [re.sub(r"-\w+\.", ".", name) for name in named] == [
        "icon.svg",
        "start.js",
        "style.css",
        "base.js",
        "app.js",
    ]
    assert sum((page / f"{name}.gz").stat().st_size for name in named) < 33_000


def test_a_build_replaces_the_earlier_one(tmp_path: Path) -> None:
    build(tmp_path)
    built = {path: path.read_bytes() for path in (tmp_path / "page").rglob("*") if path.is_file()}
    (tmp_path / "page/app-0123456789ab.js").touch()
    (tmp_path / "page/index.html").write_text("an old one")
    build(tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "page").rglob("*") if path.is_file()} == built


def test_only_the_page_s_own_scripts_may_run(site: httpx.Client) -> None:
    """S-42."""
    answer = site.get("/", headers=FOR_A_BROWSER)
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self' ",
        "img-src": "'self' data:",
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
    assert (answer.status_code, answer.content) == (200, site.get("/").content)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"] == site.get("/").headers["content-security-policy"]


def sample(route: str) -> str:
    """`/tags/:name` -> `/tags/moon%20light`."""
    return re.sub(r":\w+", "moon%20light", re.sub(r":\w+#", "42", route))


def test_gateway_and_page_have_the_same_routes() -> None:
    named = [re.sub(r":\w+", "[^/]+", re.sub(r":\w+#", "[0-9]+", route[1:])) for route in routes() if route != "/"]
    lists = re.findall(r"route \{\n\t*path_regexp \^/\((.+)\)\$\n", CADDYFILE.read_text())
    assert sorted("|".join(lists).split("|")) == sorted(named)
    assert len(named) > 15
    assert {"people", "settings"} <= PATHS


@pytest.mark.parametrize("route", dict.fromkeys(routes()))
def test_each_route_is_the_page(site: httpx.Client, route: str) -> None:
    answer = site.get(sample(route), headers=FOR_A_BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[".html"])
    assert answer.headers["cache-control"] == "no-cache"
    described = sample(route) in {"/post/42", "/people/42"}  # test_heads.py
    assert described or answer.content == site.get("/").content


@pytest.mark.parametrize(
    "path", ["/nothing", "/people/first", "/people", "/people/42/", "/settings/a/b", "/Settings", "/admin/people/1/2"]
)
def test_other_paths_are_unknown_to_programs_and_people(site: httpx.Client, path: str) -> None:
    told, shown = site.get(path), site.get(path, headers=FOR_A_BROWSER)
    assert (told.status_code, told.json()["code"]) == (404, "not-found")
    assert (shown.status_code, shown.content) == (404, site.get("/").content)
    for name in ("content-type", "content-security-policy", "referrer-policy"):
        assert shown.headers[name] == site.get("/").headers[name]


@pytest.mark.parametrize("path", ["/verify-email", "/verify-emails=T", "/a/%23verify-email=T", "/23verify-email=T"])
def test_other_paths_stay_unknown(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/%23verify-email=T", "/settings", "/nothing"])
def test_without_the_page_its_paths_are_unknown_too(tmp_path: Path, path: str) -> None:
    with gateway(tmp_path, PROFILE="local", DOCS="", PAGE="off") as elsewhere:
        answer = elsewhere.get(path, headers=FOR_A_BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def wrong_imports(modules: Mapping[str, str]) -> Iterator[str]:
    """The imports in modules of the page, by their paths, of names that no module exports, or that are not used."""
    readers = {name: Reader(name) for name in modules}
    for name, reader in readers.items():
        reader.read(modules[name])
    for name, text in modules.items():
        for default, everything, names, target in IMPORT.findall(text):
            file = readers[name].find(target)
            exported = {"*", *readers[file].exports} if file in readers else set()
            for pair in listed(names) or ["default as " + default if default else "* as " + everything]:
                outer, _, inner = pair.partition(" as ")
                if outer not in exported or len(re.findall(rf"\b{inner or outer}\b", text)) < 2:
                    yield f"{name}: {outer} from {file}"


def imported(text: str) -> set[str]:
    """The names that a module of the page imports, as it uses them."""
    found = set()
    for default, everything, names, _ in IMPORT.findall(text):
        found |= {pair.rpartition(" as ")[2] for pair in listed(names)} | ({default, everything} - {""})
    return found


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
    others = {
        "/users/{}/{}",  # followers or following
        "/posts/{}/edit",  # a key of drafts.js  # only with posts
    }
    assert called - others <= paths
    assert len(called & paths) > 20


def test_each_import_is_an_export_and_is_used() -> None:
    """A browser would refuse the module, and `node --check` reads one module only."""
    assert [*wrong_imports({str(path): (PAGE / path).read_text() for path in FILES if path.suffix == ".js"})] == []


def test_admins_can_filter_the_audit_trail_by_each_action() -> None:
    listed = re.search(r"ACTIONS = \[(.+?)\]", (PAGE / "views" / "admin-audit.js").read_text(), re.DOTALL)
    assert listed
    assert re.findall(r'"([a-z-]+)"', listed[1]) == sorted(Action)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parts[0] != "vendor" and path.suffix != ".ico"], ids=str
)
def test_files_stay_small(path: Path) -> None:
    assert len((PAGE / path).read_text().splitlines()) <= 250


def test_the_page_knows_the_services_limit_of_a_pictures_bytes() -> None:
    """It refuses a larger file before it asks for an upload."""
    found = re.search(r"const MOST_BYTES = (\d+) \* 2 \*\* (\d+);", (PAGE / "pictures.js").read_text(encoding="utf-8"))
    assert found is not None
    assert int(found[1]) * 2 ** int(found[2]) == MOST_BYTES
