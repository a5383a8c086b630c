"""`make rename NAME=Acme`: give the product another name, in code, packages, images, the page and problem types.

The copyright notice, the change log and the list of common passwords keep the old one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.docs.files import Repository
from deploy.refusals import Refused, require_clean
from deploy.services import REGISTRY, ROOT

OLD: Final = "Trivium"
"""The name until now: this file is renamed like all others."""
NAME: Final = re.compile(r"[A-Z][A-Za-z]{1,19}")
KEEPS: Final = ("LICENSE", "CHANGELOG.md", "common_passwords.txt")
"""Files, in any folder, that say whose work this is, or what others use as passwords."""


def require_name(name: str, old: str) -> None:
    """Raises Refused: this cannot be a product's name here."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot be the name: use 2 to 20 letters, a capital first")
    if name.lower() in {*REGISTRY, "common", "deploy", "tests", old.lower()}:
        raise Refused(f"{name} is a name of this repository already: choose another")


def forms(old: str, new: str) -> dict[str, str]:
    """Each form of the name: `Trivium`, `trivium`, `TRIVIUM`."""
    return {form(old): form(new) for form in (str, str.lower, str.upper)}


def renamed(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def rename(root: Path, old: str, new: str) -> int:
    """Change all texts and paths; returns the number of changed files."""
    words, count = forms(old, new), 0
    for name in sorted(Repository(root).files):
        path, target = root / name, root / renamed(name, words)
        if path.name in KEEPS:
            continue
        content = path.read_bytes()
        try:
            text = content.decode()
        except UnicodeDecodeError:  # a picture
            continue
        changed = renamed(text, words)
        if (changed, target) != (text, path):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changed, encoding="utf-8")
            path.rename(target)
            count += 1
    return count


def main() -> int:
    """Exit code 0 on success."""
    (new,) = sys.argv[1:]
    try:
        require_name(new, OLD)
        require_clean()
    except Refused as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    count = rename(ROOT, OLD, new)
    for command in (["check", "--quiet", "--fix", "--select", "I,RUF022"], ["format", "--quiet"]):
        ruff = Path(sys.executable).with_name("ruff")
        subprocess.run([ruff, *command, "libs", "services", "deploy", "tests"], cwd=ROOT, check=True)
    sys.stdout.write(f"{OLD} is {new} in {count} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
