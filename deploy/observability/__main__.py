"""`python -m deploy.observability write|check`: the files that are made from `dashboards.py` and `rules.yml`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer
import yaml

from deploy.kubernetes.manifests import SERVICES
from deploy.observability.dashboards import dashboards

FOLDER: Final = Path(__file__).parent
RULES: Final = FOLDER / "rules.yml"
MADE: Final = "# Made from rules.yml by `python -m deploy.observability write`; do not edit.\n# yamllint disable rule:line-length\n"
cli = typer.Typer(no_args_is_help=True, add_completion=False)


def made() -> Mapping[Path, str]:
    """The content of each file that is made."""
    files = {
        FOLDER / "dashboards" / name: json.dumps(content, indent=1) + "\n"
        for name, content in dashboards(SERVICES).items()
    }
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "trivium"},
        "spec": yaml.safe_load(RULES.read_text()),
    }
    files[FOLDER / "prometheus-rule.yaml"] = MADE + yaml.safe_dump(rule, sort_keys=False, width=120)
    return files


@cli.command()
def write() -> None:
    """Write the dashboards and the PrometheusRule."""
    for path, content in made().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


@cli.command()
def check() -> None:
    """Fail if one of them is not up to date."""
    old = [path for path, content in made().items() if not path.exists() or path.read_text() != content]
    if old:
        names = ", ".join(path.name for path in old)
        sys.exit(f"{names}: run `python -m deploy.observability write`")


if __name__ == "__main__":
    cli()
