"""`make sbom`: a CycloneDX bill of materials of all packages that run, and a check of their licences."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from common import __version__
from deploy.release.environments import ROOT, runtime, tool

SBOM: Final = ROOT / ".local" / "sbom.json"
ALLOWED: Final[Mapping[str, str]] = {
    "0BSD": "asks for nothing",
    "Apache-2.0": "asks for its text and notices",
    "BSD-2-Clause": "asks for its text",
    "BSD-3-Clause": "asks for its text",
    "ISC": "asks for its text",
    "MIT": "asks for its text",
    "MIT-0": "asks for nothing",
    "MIT-CMU": "asks for its text, and not to advertise with its authors",
    "MPL-2.0": "asks for the source of changed files: certifi is used unchanged",
    "PSF-2.0": "asks for its text",
    "Unlicense": "asks for nothing",
}
"""SPDX names, and the conditions of use. Any other licence is refused until somebody has read it."""
STATED: Final[Mapping[str, str]] = {
    "Jinja2": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pyasn1_modules": "BSD-2-Clause",
    "pyOpenSSL": "Apache-2.0",
}
"""Licences, by their LICENSE files, of packages whose metadata have no SPDX name."""
Component = dict[str, Any]


def main() -> str | None:
    """Write the bill of materials; returns the problems with licences."""
    components = bill(SBOM)
    found = {component["name"]: licence_of(component) for component in components}
    for licence, count in Counter(found.values()).most_common():
        sys.stdout.write(f"{count:4} {licence or 'unknown'}\n")
    sys.stdout.write(f"{SBOM.relative_to(ROOT)}: {len(found)} packages\n")
    return "\n".join(refused(found)) or None


def bill(path: Path) -> Sequence[Component]:
    """Write the bill of materials; returns its components."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [tool("cyclonedx-py"), "environment", runtime(), "--spec-version", "1.6"]
    command += [
        "--output-format",
        "JSON",
        "--pyproject",
        ROOT / "libs" / "common" / "pyproject.toml",
        "--output-reproducible",
        "-o",
        path,
    ]
    subprocess.run(command, check=True)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["metadata"]["component"] |= {"name": "trivium", "version": __version__}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    components: Sequence[Component] = document["components"]
    return components


def licence_of(component: Component) -> str:
    """A package's SPDX expression, or the names of its classifiers."""
    entries = component.get("licenses", [])
    ids = [entry.get("expression") or entry["license"].get("id") for entry in entries]
    names = [entry["license"].get("name", "") for entry in entries if "license" in entry]
    return " AND ".join(one for one in ids if one) or STATED.get(component["name"], "") or " AND ".join(names)


def refused(licences: Mapping[str, str]) -> Iterator[str]:
    """A line for each package with an unknown licence."""
    for package, licence in sorted(licences.items()):
        if not allowed(licence):
            name = licence or "no known licence"
            yield f"{package} has {name}: read it, then put it into ALLOWED or STATED in deploy/release/sbom.py"


def allowed(expression: str) -> bool:
    """Whether an expression is allowed: one of alternatives is enough; with AND, each licence counts."""
    return all(
        any(choice.strip(" ()") in ALLOWED for choice in part.split(" OR ")) for part in expression.split(" AND ")
    )


if __name__ == "__main__":
    sys.exit(main())
