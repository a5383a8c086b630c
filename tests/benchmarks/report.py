"""Formats the table of results."""

import sys
from collections.abc import Sequence
from typing import Any, Final

COLUMNS: Final = ("ours_rps", "limit_rps", "plain_rps", "ratio_to_limit", "plain_ratio")


def show(results: Sequence[dict[str, Any]]) -> None:
    lines = [f"{'':<16}" + "".join(f"{column:>16}" for column in COLUMNS)]
    compared = [result for result in results if "ratio_to_limit" in result]
    for one in compared:
        cells = (figure(one[column]) if column in one else "" for column in COLUMNS)
        lines.append(f"{one['name']:<16}" + "".join(f"{cell:>16}" for cell in cells))
    for result in results:
        if result not in compared:
            words = [f"{key} {figure(value)}" for key, value in result.items() if key != "name"]
            lines.append(f"{result['name']:<16}  " + ", ".join(words))
    sys.stdout.write("\n".join(lines) + "\n")


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
