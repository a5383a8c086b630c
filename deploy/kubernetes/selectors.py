"""Kubernetes' label selectors."""

from typing import Any

Labels = dict[str, str]


def selects(selector: dict[str, Any], labels: Labels) -> bool:
    """Whether the labels fulfil all conditions of a selector, as in Kubernetes."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for wanted in selector.get("matchExpressions", []):
        value, values = labels.get(wanted["key"]), wanted.get("values", [])
        holds = {
            "Exists": value is not None,
            "DoesNotExist": value is None,
            "In": value in values,
            "NotIn": value not in values,
        }
        if not holds[wanted["operator"]]:
            return False
    return True
