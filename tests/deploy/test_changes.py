"""The change log: files in changes/ become the section of a release, and none is silently lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.docs.changes import kinds, left_out
from deploy.docs.files import ROOT, Repository


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository for towncrier, with a change of each kind."""
    (tmp_path / "changes").mkdir()
    for name in ("pyproject.toml", "CHANGELOG.md", "changes/template.md.jinja"):
        shutil.copy(ROOT / name, tmp_path / name)
    for kind in kinds():
        (tmp_path / f"changes/+one.{kind}.md").write_text(f"What changed for {kind}.\n")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S607  # from the PATH
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)  # noqa: S607
    return tmp_path


def test_a_release_gets_a_section_above_the_ones_before(clone: Path) -> None:
    before = (ROOT / "CHANGELOG.md").read_text().partition("release notes start -->\n")
    towncrier = Path(sys.executable).with_name("towncrier")
    command: list[str | Path] = [towncrier, "build", "--yes", "--version", "7.8.9", "--date", "2030-01-02"]
    subprocess.run(command, cwd=clone, check=True, stdout=subprocess.DEVNULL)
    after = (clone / "CHANGELOG.md").read_text().partition("release notes start -->\n")
    assert after[0] == before[0]
    assert after[2].endswith(before[2])
    section = after[2].removesuffix(before[2])
    beginning = (
        "\n## 7.8.9 (2030-01-02)\n\n### Upgrade\n\n- What changed for upgrade.\n"
        "\n### API: breaking\n\n- What changed for breaking.\n"
    )
    assert section.startswith(beginning)
    assert [f"\n- What changed for {kind}.\n" in section for kind in kinds()] == [True] * len(kinds())
    assert not list((clone / "changes").glob("+*"))


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("+one.api.md", "Said.", []),
        ("12.fix.md", "Said.", []),
        ("+one.apis.md", "Said.", ["changes/+one.apis.md: name it"]),
        ("one.md", "Said.", ["changes/one.md: name it"]),
        ("+one.api.md", " \n", ["changes/+one.api.md is empty"]),
    ],
)
def test_a_change_that_would_be_lost_is_named(clone: Path, name: str, text: str, complaint: list[str]) -> None:
    (clone / "changes" / name).write_text(text)
    assert [line[: len(begin)] for line, begin in zip(left_out(Repository(clone)), complaint, strict=True)] == complaint
