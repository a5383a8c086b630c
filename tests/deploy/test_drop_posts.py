# file: only with posts
"""`make remove-service NAME="posts conduit"` in a copy of the repository: auth and users pass every gate.

`make test-new-service ARGS="-k without_posts"` runs this: half an hour on two busy cores. Of the tests that
stay, it runs the suite, the fuzz of users and the page's tests in BROWSED. The others are only collected.
"""

import re
from typing import Final

import pytest

from deploy.release.breaking import RELEASED
from deploy.services import ROOT
from tests.deploy.copies import CHECKS, Copy
from tests.system.page.conftest import chromium

BROWSED: Final = " ".join(f"tests/system/page/test_{name}.py" for name in ("people", "story", "admin"))
GATES: Final = (
    *CHECKS,
    "python -m deploy.clients check",
    "mypy --strict libs services deploy tests",
    *(f"pytest -q -p no:cacheprovider tests -m {kind} --collect-only" for kind in ("stack", "faults", "page")),
    *([f"pytest -q -p no:cacheprovider -m page {BROWSED}"] if chromium() else []),
    "pytest -q -p no:cacheprovider -m fuzz tests/users/test_fuzz.py",
    "pytest -q -n 2 -p no:cacheprovider tests",
)
OF_POSTS: Final = re.compile(
    r"\bposts\b|(?i:conduit)|/(?:post|top|tags|write|drafts|removed|moderation)\b(?!\.js)|sitemap"
)
"""Words and routes of the gateway and its web client that go with posts and conduit."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Without posts and conduit."""
    copy = Copy(tmp_path_factory.mktemp("without") / "copy")
    copy.run("python -m deploy.generate.service remove posts conduit")
    copy.follow()
    copy.run("python -m deploy.clients write")
    copy.run("python -m deploy.release.breaking --removed posts conduit")
    return copy


@pytest.mark.new_service
def test_without_posts_and_conduit_auth_and_users_pass_every_gate(copy: Copy) -> None:
    assert '"/posts' not in (copy.folder / "docs/openapi.json").read_text()
    assert '"/posts' in (copy.folder / RELEASED.relative_to(ROOT)).read_text(), "what clients were promised"
    for gate in GATES:
        copy.run(gate)


@pytest.mark.new_service
def test_without_posts_and_conduit_the_page_does_not_name_posts(copy: Copy) -> None:
    files = [path for path in (copy.folder / "deploy/gateway").rglob("*") if path.is_file() and path.suffix != ".ico"]
    found = [
        f"{path}: {line}"
        for path in files
        if not {"vendor", "__pycache__"} & {*path.parts}
        for line in path.read_text().splitlines()
        if OF_POSTS.search(line)
    ]
    assert files
    assert found == []
