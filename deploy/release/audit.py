"""`make audit`: search pip-audit's database for known vulnerabilities of all packages that run.

If the database cannot be reached, it prints one line and ends with 0. pip-audit itself ends with 0 as well, but it
prints "No known vulnerabilities found" even if it could not look up any package.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from deploy.release.environments import RUNTIME_LOCK, tool

WAIVED: Final[Mapping[str, date]] = {
    "CVE-2024-23342": date(2027, 5, 29),  # ecdsa: python-jose signs with cryptography, and nothing imports ecdsa
}
"""Findings that do not concern us, and how long that assessment is valid."""
Dependency = dict[str, Any]


def main() -> str | None:
    """Run the audit; returns the findings to fix."""
    command: list[str | Path] = [tool("pip-audit"), "--requirement", RUNTIME_LOCK, "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if not asked.stdout.strip():
        reason = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        sys.stdout.write(f"audit | the database cannot be reached, so nothing was looked up: {reason[:160]}\n")
        return None
    return judge(json.loads(asked.stdout)["dependencies"], datetime.now(UTC).date())


def judge(dependencies: Sequence[Dependency], today: date) -> str | None:
    """Print how many packages were looked up; returns the findings to fix."""
    looked_up = [one for one in dependencies if "skip_reason" not in one]
    unknown = len(dependencies) - len(looked_up)
    if not looked_up:
        sys.stdout.write(f"audit | the database knows none of {unknown} packages here, so nothing was looked up\n")
        return None
    waived = {name for name, until in WAIVED.items() if today <= until}
    found = [line for one in looked_up for line in weaknesses(one, waived)]
    sys.stdout.write(f"audit | {len(looked_up)} packages looked up, {unknown} not; {len(found)} findings to fix\n")
    return "\n".join(found) or None


def weaknesses(package: Dependency, waived: Set[str]) -> Iterator[str]:
    for weakness in package["vulns"]:
        names = {weakness["id"], *weakness.get("aliases", ())}
        if not names & waived:
            fixed = ", ".join(weakness.get("fix_versions", ())) or "no version"
            yield f"{package['name']} {package['version']}: {' '.join(sorted(names))}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
