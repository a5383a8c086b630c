"""Alert rules and dashboards: they name metrics that exist, and every alert has a test and a runbook."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from deploy.observability.dashboards import dashboards
from deploy.observability.files import FOLDER, RULES
from deploy.services import ROOT, STARTED

METRIC: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
OTHERS: Final = frozenset({"up", "kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"})
"""Not ours: of Prometheus itself, and of the kubelet."""
OTHER_WORDS: Final = re.compile(r'"[^"]*"|job:\w+:\w+|\w+\(')
"""Values of labels, recorded series, functions."""
PART: Final = re.compile("_(total|bucket|count|sum)$")
RUNBOOK: Final = (ROOT / "docs/operations/alerts.md").read_text()


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


ALERTS: Final = [rule["alert"] for rule in rules() if "alert" in rule]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for content in dashboards(STARTED).values():
        yield from (target["expr"] for panel in content["panels"] for target in panel["targets"])


def test_every_metric_exists() -> None:
    reference = (ROOT / "docs/reference/metrics.md").read_text()
    known = {name.removesuffix("_total") for name in re.findall(r"^\| `([a-z_]+)`", reference, re.MULTILINE)}
    named = {name for expression in expressions() for name in METRIC.findall(OTHER_WORDS.sub("", expression))}
    ours = {name for name in named - OTHERS if not name.startswith("process_")}
    assert len(ours) > 15
    assert [name for name in sorted(ours) if PART.sub("", name) not in known and name not in known] == []


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_runbook_and_a_test(alert: str) -> None:
    assert f"### {alert}\n" in RUNBOOK
    tests = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
    tried = [case for test in tests for case in test["alert_rule_test"] if case["alertname"] == alert]
    assert [bool(case.get("exp_alerts")) for case in tried] == [True, False], "once by its cause, once without one"


def test_every_runbook_has_its_alert() -> None:
    assert sorted(re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE)) == sorted(ALERTS)


def test_the_collector_has_all_parts_of_its_pipelines_and_compose_gives_it_its_variables() -> None:
    text = (FOLDER / "collector.yml").read_text()
    config = yaml.safe_load(text)
    for pipeline in config["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert {*names} <= {*config[kind]}
    collector = yaml.safe_load((FOLDER / "compose.yml").read_text())["services"]["collector"]
    assert {*re.findall(r"\$\{env:(\w+)", text)} == {*collector["environment"]}
