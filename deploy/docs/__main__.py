"""`python -m deploy.docs write|check|site`: what `make docs` and `make check` run."""

import sys

from deploy.docs.changes import left_out
from deploy.docs.files import ROOT, Repository
from deploy.docs.links import broken
from deploy.docs.pages import differing, page_of, write
from deploy.docs.sentences import too_long
from deploy.docs.site import build


def main(*arguments: str) -> str | None:
    """What to complain of."""
    match arguments:
        case ("write",):
            for name in write():
                sys.stdout.write(f"written: {page_of(name).relative_to(ROOT)}\n")
            return None
        case ("check",):
            return "\n".join(complaints(Repository(ROOT))) or None
        case ("site",):
            return build()
    return __doc__


def complaints(repository: Repository) -> list[str]:
    """Pages that are not as the code says, references that lead nowhere, sentences that are too long, lost changes."""
    old = [f"{page_of(name).relative_to(ROOT)} is not as the code says: make docs" for name in differing()]
    return [*old, *broken(repository), *too_long(repository), *left_out(repository)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
