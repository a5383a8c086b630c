"""`python -m deploy.docs write|check|site|screens`: what `make docs`, `make check` and `make screens` run."""

import sys

from deploy.docs import screens  # only with posts
from deploy.docs.changes import left_out
from deploy.docs.files import ROOT, Repository
from deploy.docs.links import broken
from deploy.docs.pages import differing, page_of, write
from deploy.docs.sentences import too_long
from deploy.docs.site import build


def main(*arguments: str) -> str | None:
    """Run one command; returns the problems found."""
    match arguments:
        case ("write",):
            for name in write():
                sys.stdout.write(f"written: {page_of(name).relative_to(ROOT)}\n")
            return None
        case ("check",):
            return "\n".join(complaints(Repository(ROOT))) or None
        case ("site",):
            return build()
        case ("screens",):  # only with posts
            return screens.write()  # only with posts
    return __doc__


def complaints(repository: Repository) -> list[str]:
    """Find outdated pages, broken references, long sentences, and change files that towncrier would skip."""
    old = [f"{page_of(name).relative_to(ROOT)} is outdated: make docs" for name in differing()]
    old += screens.complaints()  # only with posts
    return [*old, *broken(repository), *too_long(repository), *left_out(repository)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
