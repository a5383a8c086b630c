"""The services and their calls: from the registry, from traces, and from the events that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.console.metrics import Measured
from deploy.console.processes import is_up
from deploy.local.stack import GATEWAY
from deploy.services import REGISTRY


def picture(processes: Sequence[dict[str, Any]], seen: Sequence[dict[str, Any]], measured: Measured) -> dict[str, Any]:
    """Nodes and edges. An edge of the registry that no trace has shown has a count of 0."""
    running = {process["service"] for process in processes} & ({GATEWAY} | REGISTRY.keys())
    nodes = [
        {
            "name": name,
            "up": sum(map(is_up, own)),
            "of": len(own),
            "why": next((one["why"] for one in own if one["why"]), None),
        }
        for name in (GATEWAY, *REGISTRY)
        if name in running
        for own in [[process for process in processes if process["service"] == name]]
    ]
    edges: dict[tuple[str, str, str], dict[str, Any]] = {}

    def edge(one: str, other: str, kind: str) -> dict[str, Any]:
        return edges.setdefault(
            (one, other, kind), {"from": one, "to": other, "kind": kind, "count": 0, "waiting": 0, "parked": 0}
        )

    for name, service in REGISTRY.items():
        if service.paths:
            edge(GATEWAY, name, "call")
        for other in service.calls:
            edge(name, other, "call")
    for call in seen:
        edge(call["from"], call["to"], call["kind"])["count"] += call["count"]
    for event in measured.events():
        if event["target"] in REGISTRY:
            told = edge(event["service"], event["target"], "events")
            told["waiting"] += event.get("waiting", 0)
            told["parked"] += event.get("parked", 0)
    return {"nodes": nodes, "edges": [one for one in edges.values() if {one["from"], one["to"]} <= running]}
