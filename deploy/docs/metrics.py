"""The table of metrics, from the calls that create them."""

import ast
from collections.abc import Iterator
from typing import Final

from deploy.docs.files import ROOT, Repository
from deploy.docs.markdown import code, table

KINDS: Final = {
    "Counter": "counter",
    "CounterMetricFamily": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "Histogram": "histogram",
    "SummaryMetricFamily": "summary",
}
SOURCES: Final = ("libs/common/src/", "services/")


def metrics() -> str:
    rows = sorted(
        row
        for name, text in Repository(ROOT).texts
        if name.startswith(SOURCES) and name.endswith(".py") and any(f"{kind}(" in text for kind in KINDS)
        for row in made_in(text, name.split("/")[1].replace("common", "all"))
    )
    return table(("metric", "kind", "labels", "service", "meaning"), rows)


def made_in(text: str, service: str) -> Iterator[tuple[str, str, str, str, str]]:
    """One row for each call of a metric's class with a name and a help text."""
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KINDS:
            words = [one.value for one in call.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if len(words) == 2:
                kind = KINDS[call.func.id]
                name = f"{words[0]}_total" if kind == "counter" else words[0]
                yield code(name), kind, ", ".join(map(code, labels_of(call))), service, words[1]


def labels_of(call: ast.Call) -> list[str]:
    """The labels, given by name or as the third argument."""
    lists = [word.value for word in call.keywords if word.arg == "labels"] + call.args[2:3]
    elements = [one for found in lists if isinstance(found, ast.List) for one in found.elts]
    return [str(one.value) for one in elements if isinstance(one, ast.Constant)]
