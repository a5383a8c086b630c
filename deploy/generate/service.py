"""`python -m deploy.generate.service new NAME`, `remove NAME…`: a new service from tests/skeleton, and back.

Both change only files of the repository, for review by `git diff`. `make new-service` also installs the package, and
writes the documents that are generated from the apps. `remove` also deletes the lines and files that are there only
for the service (`deploy.generate.marks`), and writes a migration that drops their tables.
"""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import tomlkit
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from deploy.gateway.site import routes
from deploy.generate import kubernetes, marks
from deploy.generate.documents import words
from deploy.generate.files import wanted
from deploy.local.errors import StackError
from deploy.local.show import forget
from deploy.local.stack import Stack
from deploy.refusals import Refused, git, is_committed, require_clean
from deploy.services import FILE, ISSUER, NAME, PORTS, REGISTRY, ROOT, RegistryError, Service

SKELETON: Final = "skeleton"
TEMPLATE: Final = ROOT / "tests" / SKELETON
COMMON: Final = ("console", "docs", "healthz", "internal", "livez", "metrics", "openapi", "page", "readyz")
PATHS: Final = frozenset((*COMMON, *(route.split("/")[1] for route in routes())))
"""First words of paths that the gateway, every service or the web client has, and the console of `make up`."""
PLACES: Final = ("deploy", "services", "tests")
HEARS: Final = ("account", "session.ended", "tokens.revoked")


def require_free(name: str) -> None:
    """Raises Refused: the name is taken, reserved or impossible."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot be a service's name: use 2 to 20 small letters and digits, a letter first")
    if name in PATHS or name.startswith("svc"):
        raise Refused(
            f"{name} is reserved for a path of the gateway or of every service, or for the console: choose another name"
        )
    if name in REGISTRY or any((ROOT / place).exists() for place in marks.places(name)):
        raise Refused(f"{name} exists already: choose another name")
    if keyword.iskeyword(name) or name in RESERVED_WORDS or importlib.util.find_spec(name) is not None:
        raise Refused(f"{name} is a word of Python or SQL, or an installed package: choose another name")
    known = {word for text in wanted(dict(REGISTRY)).values() for word in words(text)}
    if name in known:
        raise Refused(f"{name} has a meaning in the deployment's files already: choose another name")
    tracked = git("ls-files", "-z", "--", *PLACES).split("\0")
    if any(name in Path(path).parent.parts for path in tracked):
        raise Refused(f"{name} is the name of a folder in {', '.join(PLACES)} already: choose another name")


def new(name: str) -> None:
    """Lay out a service: its code, its tests, and its place in the registry."""
    require_free(name)
    require_clean()
    taken = {service.port for service in REGISTRY.values()}
    port = next((port for port in PORTS if port not in taken), None)
    if port is None:
        raise Refused(f"all ports from {PORTS[0]} to {PORTS[-1]} are taken")
    copy(TEMPLATE / "service", ROOT / "services" / name, name)
    copy(TEMPLATE, ROOT / "tests" / name, name, but="service")
    registry = tomlkit.parse(FILE.read_text(encoding="utf-8"))
    row = tomlkit.table()
    row.update({"port": port, "paths": [f"/{name}"], "calls": [ISSUER], "hears": list(HEARS), "exports": True})
    registry.add(tomlkit.nl())
    registry.add(name, row)
    FILE.write_text(tomlkit.dumps(registry), encoding="utf-8")
    format_code(name)
    run("python", "-m", "deploy.generate")
    sys.stdout.write(
        f"new      services/{name}, tests/{name}, deploy/kubernetes/…/{name}\n"
        f"changed  deploy/services.toml (port {port}, path /{name}), and the files that follow from it\n"
    )


def copy(source: Path, target: Path, name: str, *, but: str = "") -> None:
    """Copy the skeleton's files, with the service's name in paths and texts."""
    tracked = git("ls-files", "-z", "--", str(source)).split("\0")
    for path in (ROOT / one for one in tracked if one):
        inside = path.relative_to(source)
        if inside.parts[0] == but:
            continue
        place = target / str(inside).replace(SKELETON, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path.read_text(encoding="utf-8").replace(SKELETON, name), encoding="utf-8")


def format_code(name: str) -> None:
    """Order imports anew: the name has another place in the alphabet."""
    folders = [f"services/{name}", f"tests/{name}"]
    run("ruff", "check", "--quiet", "--fix", "--select", "I", *folders)
    run("ruff", "format", "--quiet", *folders)


def require_unused(names: Sequence[str]) -> None:
    """Raises Refused: there is no such service; or one that stays needs it, and does not mark where."""
    for name in names:
        if name not in REGISTRY:
            raise Refused(f"there is no service {name}: there are {', '.join(REGISTRY)}")
    if ISSUER in names:
        raise Refused(f"{ISSUER} cannot be removed: it issues the tokens of all others")
    marked = [(path.parts[1], text) for path, text in marks.texts().items() if path.parts[0] == "services"]
    left = [
        one
        for one, service in REGISTRY.items()
        for name in names
        if one not in names and needs(service, name)
        if not any(folder == one and marks.is_marked(text, name) for folder, text in marked)
    ]
    if left := list(dict.fromkeys(left)):
        raise Refused(
            f"{' and '.join(left)} call {' or '.join(names)} or hear events of theirs: "
            "name them as well, or change their code and deploy/services.toml first"
        )


def needs(service: Service, name: str) -> bool:
    """Whether a service calls another one or hears events of it."""
    return name in service.calls or not events_of(name).isdisjoint(service.hears)


def events_of(name: str) -> set[str]:
    return {type_ for type_, owner in kubernetes.owners_of_events().items() if owner == name}


def remove(names: Sequence[str], data: str) -> None:
    """Delete services' code, tests and deployment; and the data in the local stack of those that `data` names too."""
    require_unused(names)
    if any(is_committed(f"services/{name}") for name in names):  # else they were laid out just now: this undoes it
        require_clean()
    if others := sorted({*data.split()} - {*names}):
        raise Refused(f"DATA names {others[0]}, and NAME does not: name the same one to delete its data")
    found = marks.texts()
    left = marks.left_without(found, names)  # refused before anything is written
    changed = marks.drop(found, left)
    unregister(names)
    for name in names:
        for place in marks.places(name):
            shutil.rmtree(ROOT / place, ignore_errors=True)  # files that git ignores or does not know yet
        for entry in (ROOT / "changes").glob(f"+{name}-*"):  # of its resources
            entry.unlink()
    run("python", "-m", "deploy.generate")  # a process of its own, which reads the new registry
    tidy([path for path in changed if path.suffix == ".py" and (ROOT / path).exists()])
    for owner in sorted({path.parts[1] for path in changed if "models" in path.parts} - {*names}):
        run("python", "-m", "deploy.local.migrations", "new", owner, f"without {' '.join(names)}")
    for name in names:
        sys.stdout.write(f"deleted  services/{name}, tests/{name}, and all that is there `{marks.mark(name)}`\n")
    sys.stdout.write("changed  deploy/services.toml, and the files that follow from it\n")
    for name in data.split():
        forget(Stack.from_environment(), name)


def unregister(names: Sequence[str]) -> None:
    """Remove services from the registry, also from what others call and hear."""
    registry = tomlkit.parse(FILE.read_text(encoding="utf-8"))
    for name in names:
        registry.remove(name)
        for row in registry.values():
            for field, gone in (("calls", {name}), ("hears", events_of(name))):
                for entry in sorted(gone & {*row.get(field, ())}):
                    row[field].remove(entry)
    FILE.write_text(tomlkit.dumps(registry).rstrip("\n") + "\n", encoding="utf-8")


def tidy(modules: Sequence[Path]) -> None:
    """Remove the imports that nothing uses any more."""
    if modules:
        run("ruff", "check", "--quiet", "--fix-only", "--select", "F401,I", *map(str, modules))
        run("ruff", "format", "--quiet", *map(str, modules))


def run(program: str, *arguments: str) -> None:
    """Run a program of .venv; its output is shown only if it fails."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SystemExit(f"`{' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Exit code 0 on success."""
    parser = argparse.ArgumentParser(prog="python -m deploy.generate.service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("new").add_argument("name")
    removing = commands.add_parser("remove")
    removing.add_argument("names", nargs="+", metavar="name")
    removing.add_argument("--data", default="", metavar="NAMES", help="delete their data in the local stack too")
    given = parser.parse_args()
    try:
        new(given.name) if given.command == "new" else remove(given.names, given.data)
    except (Refused, RegistryError, StackError) as error:
        sys.stderr.write(f"refused: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
