"""`python -m deploy.new_resource posts polls "question:line closes_at:moment?"`: what `make new-resource` runs."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.new_resource.layout import Layout, lay_out
from deploy.new_resource.names import Resource, named
from deploy.new_resource.refusals import load, require_free, require_service
from deploy.refusals import Refused, is_committed, require_clean
from deploy.services import REGISTRY, ROOT, SERVICES

OPENAPI: Final = "docs/openapi.json"


def main() -> int:
    """The exit code: 1 if something remains to be done by hand, or the resource was refused."""
    parser = argparse.ArgumentParser(prog="python -m deploy.new_resource")
    parser.add_argument("service")
    parser.add_argument("name", help="its plural: polls")
    parser.add_argument("fields", help="question:line closes_at:moment? votes:count")
    parser.add_argument("--singular", default="", help="if it is not the plural without its s")
    parser.add_argument("--force", action="store_true", help="also in a tree with changes")
    given = parser.parse_args()
    try:
        require_service(given.service, SERVICES, package_of(given.service) / "models")
        one = named(given.service, prefix_of(given.service), given.name, given.singular, given.fields)
        layout = lay_out(ROOT, one, SERVICES)
        if all((ROOT / path).exists() for path in layout.new):
            sys.stdout.write(f"{one.service} has {one.all_said} already: nothing is changed.\n")
            return 0
        if not given.force and is_committed(f"services/{given.service}"):  # else it was laid out just now
            require_clean()
        for path in layout.new:
            if (ROOT / path).exists():
                raise Refused(f"{path} exists already: choose another NAME.")
        require_free(one, load(ROOT / OPENAPI), package_of(one.service))
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    write(layout)
    report(one, layout)
    return 1 if layout.by_hand else 0


def prefix_of(service: str) -> str:
    """The first path that the gateway routes to a service: what is below it needs no change there."""
    paths = REGISTRY[service].paths
    if not paths:
        raise Refused(f"{service} has no path at the gateway (deploy/services.toml), so nobody could reach it.")
    return paths[0]


def package_of(service: str) -> Path:
    return ROOT / "services" / service / "src" / service


def write(layout: Layout) -> None:
    """Write the files, in the right format, and generate what is made from them."""
    for path, text in {**layout.new, **layout.changed}.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    written = [path for path in (*layout.new, *layout.changed) if path.endswith(".py")]
    python("ruff", "check", "--quiet", "--fix", "--select", "I,RUF022", *written)
    python("ruff", "format", "--quiet", *written)
    if not layout.by_hand:  # otherwise the app may not start yet
        python("deploy.gateway.openapi")
        python("deploy.docs", "write")


def python(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def report(one: Resource, layout: Layout) -> None:
    for path in layout.new:
        sys.stdout.write(f"new      {path}\n")
    for path in layout.changed:
        sys.stdout.write(f"changed  {path}\n")
    if not layout.by_hand:
        sys.stdout.write(f"changed  {OPENAPI}, docs/reference, libs/clients\n")
    for path, lines in layout.by_hand.items():
        sys.stdout.write(f"\nADD TO {path}, which does not look as expected:\n{lines}\n")
    if layout.by_hand:
        sys.stdout.write("\nThen: make format openapi clients docs\n")
    tests = f"tests/{one.service} tests/test_personal_data.py"
    sys.stdout.write(f'\nNext: read the new files, then `make check` and `make test ARGS="{tests}"`.\n')


if __name__ == "__main__":
    sys.exit(main())
