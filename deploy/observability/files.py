"""The files of this folder that `make generate` writes, from the registry, `dashboards.py` and `rules.yml`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from deploy.observability.dashboards import dashboards

FOLDER: Final = Path(__file__).parent
RULES: Final = FOLDER / "rules.yml"
MADE: Final = "# Written by `make generate`; do not edit.\n# yamllint disable rule:line-length\n"


def files(services: Sequence[str]) -> dict[Path, str]:
    """Their content. `services` are those that run unless they are turned off."""
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "trivium"},
        "spec": yaml.safe_load(RULES.read_text(encoding="utf-8")),
    }
    made = {FOLDER / "dashboards" / name: as_json(content) for name, content in dashboards(services).items()}
    return {
        **made,
        FOLDER / "prometheus-rule.yaml": as_yaml(rule),
        FOLDER / "prometheus.yml": as_yaml(scraping(services)),
    }


def scraping(services: Sequence[str]) -> dict[str, object]:
    """For docker compose: each process of a service is found by the service's name."""
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": name,
                "dns_sd_configs": [{"names": [name], "type": "A", "port": 8000, "refresh_interval": "5s"}],
            }
            for name in services
        ],
    }


def as_json(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"


def as_yaml(content: object) -> str:
    return MADE + yaml.safe_dump(content, sort_keys=False, width=120)
