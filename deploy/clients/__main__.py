"""`python -m deploy.clients write|check`: what `make clients` and `make check` run."""

import sys

from deploy.clients import made, python, typescript


def main(*arguments: str) -> str | None:
    """Run one command; returns the reason why it failed."""
    match arguments:
        case ("write",):
            made.record([*python.write(), *typescript.write()])
            return None
        case ("check",):
            return "\n".join(made.stale()) or None
        case _:
            return __doc__


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
