"""How xdist distributes tests to its processes."""

from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

LOCAL_STACK: Final = tuple(
    f"tests/system/test_{name}.py"
    for name in ("local_stack", "revocation", "seed", "story", "python_client", "edge_proxies")
)
"""The modules that use the `local_stack` fixture, in their order: the last one starts it again with other settings.

A stack takes half a minute of CPU time to start, and more to run.
"""


class Scheduler(LoadFileScheduling):  # type: ignore[misc]
    """Runs each module in one process, and the modules of the local stack in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        module: str = super()._split_scope(nodeid)
        return "the local stack" if module in LOCAL_STACK else module


def module_of(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]


def slowest_first(items: list[pytest.Item]) -> None:
    """Run tests that start processes first, so that at the end no process is left alone with one of them."""

    def place(item: pytest.Item) -> tuple[int, int]:
        module = module_of(item)
        if module in LOCAL_STACK:
            return 0, LOCAL_STACK.index(module)
        first = (module.startswith("tests/system/"), module.startswith("tests/deploy/"), True)
        return 1 + first.index(True), 0

    items.sort(key=place)
