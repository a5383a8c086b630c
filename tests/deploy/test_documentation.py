"""The checks of the documentation that `make check` runs, each on a repository with one fault."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings

from deploy.docs import pages
from deploy.docs.commands import make_targets
from deploy.docs.files import ROOT, Repository
from deploy.docs.links import broken
from deploy.docs.metrics import made_in
from deploy.docs.sentences import sentences, too_long
from deploy.docs.settings import section
from deploy.docs.site import missing
from deploy.services import SERVICES

SOUND: Mapping[str, str] = {
    "README.md": "# A house\n\nRead [the rules](docs/rules.md#the-first-rule), and `common/a.py`.\n",
    "docs/rules.md": "# Rules\n\n## The first rule\n\nSee `common.a.helper` and `tests/test_*.py`.\n",
    "libs/common/src/common/a.py": '"""As docs/rules.md says."""\n\n\ndef helper() -> None: ...\n',
    "tests/test_a.py": "",
}


@pytest.fixture
def house(tmp_path: Path) -> "House":
    house = House(tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S607  # from the PATH
    for name, text in SOUND.items():
        house.write(name, text)
    return house


class House:
    """A small repository without a fault."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def complaints(self) -> list[str]:
        repository = Repository(self.root)
        return [*broken(repository), *too_long(repository)]


def test_a_sound_repository_is_not_complained_of(house: House) -> None:
    assert house.complaints() == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("README.md", "[there](docs/nowhere.md)", "README.md: the link to docs/nowhere.md leads nowhere"),
        ("README.md", '<img src="docs/none.png">', "README.md: the link to docs/none.png leads nowhere"),
        ("README.md", "[there](docs/rules.md#second)", "README.md: docs/rules.md#second has no such heading"),
        ("README.md", "As `common/b.py` does.", "README.md: there is no common/b.py"),
        ("README.md", "As `tests/more_*.py` do.", "README.md: there is no tests/more_*.py"),
        ("README.md", "As `common.a.gone` does.", "README.md: there is no module or name common.a.gone"),
        ("README.md", "See rules.md.", None),
        ("docs/other.md", "[up](../README.md)", "docs/other.md: ../README.md is not part of the site: name the path"),
        ("libs/common/src/common/a.py", '"""See design.md, part 7."""\nhelper = 1', "a.py: there is no design.md"),
        ("deploy/run.sh", "# as style.md says", "deploy/run.sh: there is no style.md"),
        ("README.md", "word " * 31 + ".", "README.md: 31 words, at most 30"),
        ("docs/tutorial/a.md", "word " * 31 + ".", "docs/tutorial/a.md: 31 words, at most 30"),
        ("findings/a.md", "word " * 31 + ".", None),
        ("README.md", "Few words.\n\n" * 351, "README.md: 702 words, at most 700"),
        ("README.md", "```sh\n" + "word " * 800 + "\n```\n", None),
    ],
)
def test_each_fault_is_named(house: House, name: str, text: str, complaint: str | None) -> None:
    house.write(name, text)
    found = house.complaints()
    if complaint is None:
        assert found == []
    else:
        assert [complaint in one for one in found] == [True], found


def test_sentences_end_at_points_cells_items_and_headings() -> None:
    text = (
        "# Head\nOne. Two `a.b`. `three` is it?\n\n- four\n- five\n\n| six | seven |\n|---|---|\n\n```\nno. no.\n```\n"
    )
    assert [re.sub(r"\W", "", one) for one in sentences(text)] == [
        "Head", "One", "TwoCode", "Codeisit", "four", "five", "six", "seven",
    ]  # fmt: skip


def test_the_generated_part_of_a_page_is_replaced_and_the_rest_kept() -> None:
    page = f"# A\n\n{pages.BEGIN}\nold\n{pages.END}\n## More\n"
    assert pages.as_it_should_be(page, "new") == f"# A\n\n{pages.BEGIN}\nnew\n{pages.END}\n## More\n"
    with pytest.raises(ValueError, match="no part"):
        pages.as_it_should_be("# A\n", "new")


def test_a_page_that_was_changed_by_hand_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "REFERENCE", tmp_path)
    monkeypatch.setattr(pages, "MADE", {"settings": lambda: "a table"})
    (tmp_path / "settings.md").write_text(f"{pages.BEGIN}\nanother table\n{pages.END}")
    assert list(pages.differing()) == ["settings"]
    assert pages.write() == ["settings"]
    assert pages.differing() == {}


class Undescribed(BaseSettings):
    port: int = 8000


class Described(BaseSettings):
    port: int = Field(default=8000, ge=1, le=65535, description="Where it listens.")


def test_a_setting_needs_a_description() -> None:
    assert "| `PORT` | `8000` | Where it listens. (at least 1, at most 65535) |" in section("All", Described)
    with pytest.raises(ValueError, match="the setting PORT has no description"):
        section("All", Undescribed)


def test_every_setting_of_the_gateway_stands_in_the_reference() -> None:
    used = set(re.findall(r"\{\$([A-Z_]+)", (ROOT / "deploy" / "gateway" / "Caddyfile").read_text()))
    assert used
    known = {*SERVICES, "posts"}  # those of auth are described; the page keeps its posts when the service is dropped
    used -= {f"{name.upper()}_{place}" for name in known for place in ("UPSTREAM", "REPLICAS")}
    gateway = (ROOT / "docs" / "reference" / "settings.md").read_text().partition("## Gateway")[2]
    assert used <= set(re.findall(r"`([A-Z_]+)`", gateway))


def test_metrics_are_found_with_their_labels() -> None:
    made = made_in('x = Counter("calls", "Calls.", ["peer"])\ny = Counter(quota)\n', "all")
    assert list(made) == [("`calls_total`", "counter", "`peer`", "all", "Calls.")]


def test_targets_are_listed_under_their_headings() -> None:
    listed = make_targets("up: bootstrap ## run it\n##@ Tests\ntest: ## try it\nhidden:\n")
    assert listed.index("`make up`") < listed.index("### Tests") < listed.index("`make test`")
    assert "hidden" not in listed


def test_the_site_is_complete_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<a href="b.html#x"></a><a href="https://a.example"></a><img src="c.png">')
    assert list(missing(tmp_path)) == ["index.html: there is no b.html", "index.html: there is no c.png"]
    (tmp_path / "index.html").write_text('<script src="https://cdn.example/x.js"></script>')
    assert list(missing(tmp_path)) == ["index.html loads https://cdn.example/x.js"]
