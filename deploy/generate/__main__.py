"""`python -m deploy.generate`: write what follows from deploy/services.toml. With `--check`, fail if it is outdated."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.generate.files import wanted
from deploy.services import REGISTRY, ROOT, RegistryError, require_folders


def outdated() -> Iterator[tuple[Path, str]]:
    """The files that differ from what they should be, with their new content."""
    for path, text in wanted(dict(REGISTRY)).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield path, text


def main(*arguments: str) -> int | str:
    """Exit code 0, or a message."""
    try:
        require_folders(REGISTRY)
        found = dict(outdated())
    except RegistryError as error:
        return f"services: {error}"
    names = sorted(str(path.relative_to(ROOT)) for path in found)
    if "--check" in arguments:
        return f"outdated: {', '.join(names)}: make generate" if names else 0
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"written: {name}\n" for name in names) or "all is as deploy/services.toml says\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
